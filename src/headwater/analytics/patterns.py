"""Patterns of deals and leads follow the changes: what changed is counted anew, and nothing else."""

from collections.abc import Callable

from headwater.core import log
from headwater.warehouse import patterns
from headwater.warehouse.connections import Link
from headwater.warehouse.patterns import Stale
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("analytics")
AT_ONCE = 5_000
"""Changes that are worked in with one commit, unless told otherwise."""

FAR = 25_000
"""So many changes take longer one by one than everything from the tables."""


async def refresh(
    warehouse: Warehouse, link: Link, *, enough: Callable[[], bool], at_once: int = AT_ONCE
) -> bool:
    """Works in what changed in a connection; True when nothing is left, False when `enough` said so after a
    commit.

    Each commit moves the place in the feed with what it counted, so that it may end anywhere. The first time,
    when changes were thrown away before they were read, and when very many wait, all of the connection is
    counted.
    """
    while True:
        async with warehouse.acting_for(link.tenant) as conn:
            left = await _step(conn, link, at_once)
        if not left:
            return True
        if enough():
            return False


async def _step(conn: Connection, link: Link, at_once: int) -> bool:
    """One commit's work; whether there may be more."""
    at = await patterns.place(conn, link)
    if at is None or at.cut or await patterns.is_far(conn, link, at, FAR):
        await _all(conn, link)
        return True
    marked = await patterns.marked(conn, link)
    next_ = await patterns.changed(conn, link, at, limit=at_once)
    stale, at, many = next_ or (Stale((), ()), at, 0)
    both = Stale(sorted({*stale.deals, *marked.deals}), sorted({*stale.leads, *marked.leads}))
    if both.deals or both.leads:
        rows = await patterns.count(conn, link, both)
        LOGGER.debug("patterns counted", connection=link.slug, changes=many, rows=rows)
    if next_ is not None:
        await patterns.arrive(conn, link, at)
    return many == at_once


async def _all(conn: Connection, link: Link) -> None:
    """Everything from the tables. What commits meanwhile lies after the place that is read first."""
    at = await patterns.head(conn, link)
    await patterns.marked(conn, link)
    rows = await patterns.count(conn, link, None)
    await patterns.arrive(conn, link, at)
    LOGGER.info("all patterns counted", connection=link.slug, rows=rows)
