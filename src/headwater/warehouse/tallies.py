"""What all processes counted, in rows: a process adds what it counted every few seconds, and at its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson

from headwater.core import log
from headwater.core.errors import HeadwaterError
from headwater.core.tally import Count, Tally
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("warehouse")
EVERY_SECONDS = 10.0  # what a process counted since then is lost when it is killed


async def flush(warehouse: Warehouse, tally: Tally) -> None:
    """Keeps what was counted; what cannot be kept now is kept next time."""
    counts = tally.taken()
    if not counts:
        return
    params = {
        "names": [one.name for one in counts],
        "labels": [orjson.dumps(dict(one.labels)).decode() for one in counts],
        "values": [one.value for one in counts],
    }
    try:
        async with warehouse.connection() as conn:
            await conn.execute(sql.add_tallies, params)
    except BaseException:
        tally.put_back(counts)
        raise


async def read(warehouse: Warehouse) -> list[Count]:
    """Everything that was counted by anybody."""
    async with warehouse.connection() as conn:
        rows = await (await conn.execute(sql.tallies)).fetchall()
    return [Count(name, tuple(sorted(labels.items())), value) for name, labels, value in rows]


async def forget(warehouse: Warehouse, connections: Sequence[str]) -> int:
    """Throws away counts of connections other than these; how many."""
    async with warehouse.connection() as conn:
        return (await conn.execute(sql.forget_tallies, {"connections": list(connections)})).rowcount


@asynccontextmanager
async def kept(warehouse: Warehouse, tally: Tally) -> AsyncIterator[None]:
    """Keeps what this process counts, for as long as the block lasts."""
    keeping = asyncio.create_task(_keep(warehouse, tally))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await _tried(warehouse, tally)


async def _keep(warehouse: Warehouse, tally: Tally) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await _tried(warehouse, tally)


async def _tried(warehouse: Warehouse, tally: Tally) -> None:
    try:
        await flush(warehouse, tally)
    except HeadwaterError as exc:
        LOGGER.debug("what was counted is not kept yet", reason=str(exc))
