"""Room for the history of a month is made by whoever needs it first."""

import asyncio
from datetime import UTC, datetime

from headwater.warehouse import state
from headwater.warehouse.connections import put_tenant
from headwater.warehouse.pool import Warehouse


async def test_several_who_make_room_for_a_month_at_once_do_not_disturb_each_other(database):
    async with Warehouse(database.url(), size=8) as warehouse:
        tenant = await put_tenant(warehouse, "acme", "Acme")
        for year in range(2031, 2036):
            now = datetime(year, 3, 1, tzinfo=UTC)
            await asyncio.gather(*[state.ensure_history(warehouse, tenant.id, now) for _ in range(8)])

        [row] = await warehouse.rows(
            tenant.id,
            "select count(*) as rooms from pg_class where relname ~ '^history_203[1-5]_0[34]$' and relkind = 'r'",
            {},
        )
    assert row["rooms"] == 10
