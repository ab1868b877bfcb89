"""Read numbers: they rise, and what was read later has the higher one."""

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse


async def next_read(warehouse: Warehouse) -> int:
    """A number between everything that was asked for before and everything that is asked for from now on."""
    async with warehouse.connection() as conn:
        row = await (await conn.execute(sql.next_read)).fetchone()
    if row is None:
        raise RuntimeError("a sequence has a next value")
    return int(row[0])
