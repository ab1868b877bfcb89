"""Who only looks changes nothing, and is told what to do when it takes too long."""

import psycopg
import pytest

from headwater.testing.sample import Bench, bench
from headwater.warehouse.looking import looking
from headwater.warehouse.pool import TookTooLong, Warehouse


@pytest.fixture
async def one(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


async def test_what_takes_longer_than_it_is_given_is_stopped_with_advice(one: Bench):
    with pytest.raises(TookTooLong, match="for 1 seconds: ask for less") as told:
        async with looking(
            one.warehouse, one.tenant.id, seconds=1, advice="ask for less", settings="set local jit = off"
        ) as conn:
            await conn.execute("select pg_sleep(600)")

    assert told.value.wait == 1


async def test_who_looks_cannot_write_and_sees_one_tenant_with_times_in_utc(one: Bench):
    async with looking(
        one.warehouse, one.tenant.id, seconds=20, advice="", settings="set local work_mem = '3MB'"
    ) as conn:
        shown = (
            "select current_setting('timezone'), current_setting('work_mem'), count(*), min(tenant_id::text)"
        )
        row = await (await conn.execute(f"{shown} from headwater.connections".encode())).fetchone()
        assert row == ("UTC", "3MB", 1, str(one.tenant.id))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await conn.execute("update headwater.connections set title = 'x'")
