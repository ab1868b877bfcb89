"""How long things are kept that only tell what once was."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Identifier

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse


class Forgotten(NamedTuple):
    """How many rows went."""

    logs: int
    events: int
    starts: int


async def forget(
    warehouse: Warehouse, tenant: UUID, connection: int, *, logs: datetime, events: datetime
) -> Forgotten:
    """Throws away runs and wishes that are over, of before `logs`, and applied events, of before `events`."""
    counts = []
    for statement, before in (
        (sql.forget_logs, logs),
        (sql.forget_events, events),
        (sql.forget_starts, logs),
    ):
        async with warehouse.acting_for(tenant) as conn:
            params = {"tenant": tenant, "connection": connection, "before": before}
            counts.append((await conn.execute(statement, params)).rowcount)
    return Forgotten(*counts)


async def drop_history(warehouse: Warehouse, *, before: datetime) -> list[str]:
    """Drops the partitions of the history of all months that ended before; of every tenant. Their names.

    They are locked for a moment; where somebody reads them for long, the next day tries again.
    """
    first_kept = f"history_{before:%Y_%m}"
    async with warehouse.connection() as conn:
        names = [row[0] for row in await (await conn.execute(sql.history_months)).fetchall()]
        old = [name for name in names if name < first_kept]
        for name in old:
            async with conn.transaction():
                await conn.execute("set local lock_timeout = '2s'")
                await conn.execute("set local role hw_owner")
                await conn.execute(SQL("drop table headwater.{}").format(Identifier(name)))
    return old
