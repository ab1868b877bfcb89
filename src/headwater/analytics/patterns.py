"""Patterns of deals and leads follow the changes: what changed is counted anew, and nothing else."""

from collections.abc import Callable

from headwater.core import log
from headwater.warehouse import following, patterns
from headwater.warehouse.connections import Link
from headwater.warehouse.patterns import ENTITIES, READER, Stale
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("analytics")
FAR = 25_000
"""So many changes take longer one by one than everything from the tables."""


async def refresh(warehouse: Warehouse, link: Link, *, enough: Callable[[], bool], far: int = FAR) -> bool:
    """Works in what changed in a connection; True when nothing is left, False when `enough` said so after a
    commit.

    Each commit moves the place in the feed with what it counted, so that it may end anywhere. The first time,
    when changes were thrown away before they were read, and when very many wait, all of the connection is
    counted.
    """
    while True:
        async with warehouse.acting_for(link.tenant) as conn:
            left = await _step(conn, link, far)
        if not left:
            return True
        if enough():
            return False


async def _step(conn: Connection, link: Link, far: int) -> bool:
    """One commit's work; whether there may be more."""
    batch = await following.changed(conn, link, READER, entities=ENTITIES, limit=far)
    if batch is None or not batch.last:
        await _all(conn, link)
        return True
    marked = await patterns.marked(conn, link)
    stale = await patterns.stale(conn, link, batch.records)
    both = Stale(sorted({*stale.deals, *marked.deals}), sorted({*stale.leads, *marked.leads}))
    if both.deals or both.leads:
        rows = await patterns.count(conn, link, both)
        LOGGER.debug("patterns counted", connection=link.slug, changes=len(batch.records), rows=rows)
    await following.moved(conn, link, READER, batch.place)
    return False


async def _all(conn: Connection, link: Link) -> None:
    """Everything from the tables. What commits meanwhile lies after the place that is read first."""
    place = await following.head(conn)
    await patterns.marked(conn, link)
    rows = await patterns.count(conn, link, None)
    await following.moved(conn, link, READER, place)
    LOGGER.info("all patterns counted", connection=link.slug, rows=rows)
