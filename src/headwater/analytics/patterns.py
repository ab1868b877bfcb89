"""Patterns of deals and leads follow the changes: what changed is counted anew, and nothing else."""

from headwater.core import log
from headwater.warehouse import following, patterns
from headwater.warehouse.connections import Link
from headwater.warehouse.patterns import ENTITIES, READER, Stale
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("analytics")
FAR = 25_000
"""So many changes take longer one by one than everything from the tables."""


async def follow(warehouse: Warehouse, link: Link, *, far: int = FAR) -> bool:
    """Works in what changed in a connection, with its place in the feed: one commit. Whether anything may be
    left.

    The first time, when changes were thrown away before they were read, and when `far` of them wait, all of
    the connection is counted.
    """
    async with warehouse.acting_for(link.tenant) as conn:
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
