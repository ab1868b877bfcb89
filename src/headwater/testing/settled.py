"""Waiting for the feed of changes, which tells nothing that a transaction under way could come before; and
for those who follow it."""

import asyncio

from headwater.warehouse.connections import Link
from headwater.warehouse.following import Follow
from headwater.warehouse.pool import Warehouse

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60


async def settled(warehouse: Warehouse) -> None:
    """Returns when every transaction of the server that has begun by now is over. Tests share a server, and
    each of them holds back the feeds of all others while it writes."""
    begun = await _of_snapshot(warehouse, "xmax")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _of_snapshot(warehouse, "xmin") < begun:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(LOOK_SECONDS)


async def caught_up(follow: Follow, warehouse: Warehouse, link: Link) -> None:
    """Returns when somebody who follows a connection has worked in everything."""
    while await follow(warehouse, link):
        pass


async def _of_snapshot(warehouse: Warehouse, bound: str) -> int:
    async with warehouse.connection() as conn:
        found = await conn.execute(
            f"select pg_snapshot_{bound}(pg_current_snapshot())::text::bigint".encode()
        )
        row = await found.fetchone()
    assert row is not None
    return int(row[0])
