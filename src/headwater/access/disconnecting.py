"""A connection is given up: its credentials go, and its data too if that is wished."""

from collections import Counter
from datetime import datetime
from typing import Any

from headwater.access.audit import logged
from headwater.analytics.profile import keeping
from headwater.core import log
from headwater.warehouse import deleting, lease, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("access")
REASON = "disconnected"
WAIT_SECONDS = 60


async def disconnect(
    warehouse: Warehouse,
    link: Link,
    *,
    by: str,
    now: datetime,
    delete_data: bool = False,
    wait_seconds: int = WAIT_SECONDS,
) -> dict[str, int]:
    """Ends a connection: nothing is read, no event is let in, its credentials are erased. What was stored
    stays, or goes with `delete_data`; how many rows of which table went. To connect the same portal again
    brings it back.

    Raises RetryLater while another process syncs it.
    """
    gone: Counter[str] = Counter()

    async def counted(_: Any, table: str, rows: int) -> None:
        gone[table] += rows

    async with lease.taken(warehouse, link.tenant, link.id, now=now, wait_seconds=wait_seconds):
        async with warehouse.acting_for(link.tenant) as conn:
            params = {"tenant": link.tenant, "connection": link.id, "now": now, "reason": REASON}
            await conn.execute(sql.disconnect, params)
            await conn.execute(sql.close_doors, params)
            await conn.execute(sql.drop_jobs, params)
        if delete_data:
            await deleting.schema(warehouse, link)
            await deleting.rows(warehouse, link.tenant, counted, connection=link.id)
            await keeping.forgotten(warehouse, link.tenant)
    await logged(
        warehouse,
        link.tenant,
        by,
        "disconnect",
        link.slug,
        sum(gone.values()) if delete_data else None,
        now=now,
    )
    LOGGER.warning("a connection was given up", connection=link.slug, rows=sum(gone.values()))
    return dict(gone)
