"""How long somebody who failed to be let in has to wait: shared by all processes, kept over restarts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

FORGOTTEN = timedelta(hours=1)
"""Without a try for so long nothing is held against anybody."""

KNOWN_FOR = timedelta(days=30)
"""So long a person's address is known after he last came in from it."""

DAY = timedelta(days=1)


class Trier(NamedTuple):
    """One on whom tries are counted, by a digest. So many are `free`; then he waits 1, 3, 7, … seconds, at
    most `longest`."""

    who: bytes
    free: int
    longest: float


async def tried(warehouse: Warehouse, triers: Iterable[Trier], *, now: datetime) -> float:
    """Counts a try on each of them, before anybody knows how it ends: of many at once one is let through.
    Returns the seconds to wait, if it is too early for one of them; then it is counted on none."""
    wait = 0.0
    async with warehouse.connection() as conn, conn.transaction() as block:
        for one in sorted(triers):  # in one order everywhere: two tries never wait for each other
            params = one._asdict() | {"now": now, "forgotten": now - FORGOTTEN}
            if (await conn.execute(sql.try_again, params)).rowcount == 0:
                row = await (await conn.execute(sql.delayed, {"who": one.who})).fetchone()
                wait = max(0.1, (row[0] - now).total_seconds()) if row else 0.1
                raise psycopg.Rollback(block)
    return wait


async def knows(warehouse: Warehouse, who: bytes, *, now: datetime) -> bool:
    """Whether this pair of person and address came in lately."""
    async with warehouse.connection() as conn:
        params = {"who": who, "since": now - KNOWN_FOR}
        return (await conn.execute(sql.known_pair, params)).rowcount == 1


async def succeeded(warehouse: Warehouse, *, known: bytes, pair: bytes, now: datetime) -> None:
    """A try ended well: the pair is known, and all its tries are forgiven."""
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute(sql.forgive_all, {"who": pair})
        await conn.execute(sql.know_pair, {"who": known, "now": now})


async def forgive(warehouse: Warehouse, who: bytes, *, now: datetime) -> None:
    """Takes the last try back."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.forgive_try, {"who": who, "now": now})


async def sweep(warehouse: Warehouse, *, now: datetime) -> None:
    """Throws away failures of more than a day ago, and pairs that are not known any more."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.forget_delays, {"failed": now - DAY, "known": now - KNOWN_FOR})
