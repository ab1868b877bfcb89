"""How things stand: every connection and entity, for `headwater status` and its readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from headwater.warehouse import certificates, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class Standing:
    """One entity of a connection: how much is here, how fresh, and what went wrong."""

    connection: str
    portal: str
    entity: str
    status: str
    stored: int
    in_source: int | None
    failed: int
    complete_to: datetime | None
    last_full_sync_at: datetime | None
    last_incremental_at: datetime | None
    error: str | None
    notes: dict[str, Any]
    due: int = 0
    """Records whose set of rows is still to be asked for, where the line is one of such sets."""

    def behind_seconds(self, now: datetime) -> float | None:
        """How old the data may be at worst; None before the first whole read."""
        return None if self.complete_to is None else max(0.0, (now - self.complete_to).total_seconds())


async def standings(warehouse: Warehouse, tenant: UUID, links: Sequence[Link]) -> list[Standing]:
    """How every entity of these connections stands; a connection never synced has no line."""
    found = []
    for link in links:
        rows = await warehouse.rows(tenant, sql.standings, {"connection": link.id})
        found += [Standing(connection=link.slug, portal=link.portal, **row) for row in rows]
        for row in await warehouse.rows(tenant, sql.set_standings, {"connection": link.id}):
            found.append(_of_sets(link, **row))
    return found


def _of_sets(link: Link, *, entity: str, stored: int, due: int, failed: int) -> Standing:
    """How sets of one kind stand; `stored` counts the records whose set is here."""
    return Standing(
        link.slug, link.portal, entity, "syncing" if due else "complete", stored, None, failed,
        None, None, None, None, {}, due,
    )  # fmt: skip


async def failures(
    warehouse: Warehouse,
    tenant: UUID,
    links: Sequence[Link],
    *,
    limit: int = 100,
    before: tuple[datetime, int] | None = None,
) -> list[dict[str, Any]]:
    """The failed queue of these connections, the newest first; after the entry that was tried last at the
    time of `before` and has its number."""
    at, number = before or (None, None)
    params = {"connections": [one.id for one in links], "limit": limit, "before": at, "before_id": number}
    return await warehouse.rows(tenant, sql.failures, params)


async def failure(warehouse: Warehouse, tenant: UUID, number: int) -> dict[str, Any] | None:
    """One entry of the failed queue, with the record as the source gave it."""
    rows = await warehouse.rows(tenant, sql.failure, {"id": number})
    return rows[0] if rows else None


async def issued(
    warehouse: Warehouse, tenant: UUID, links: Sequence[Link], *, limit: int = 20
) -> list[dict[str, Any]]:
    """Certificates of reconciliations, the newest first; the body of each as it was kept."""
    found = []
    for link in links:
        rows = await certificates.of(warehouse, tenant, link.id, limit=limit)
        found += [{"connection": link.slug, **row} for row in rows]
    return found


async def certificate(warehouse: Warehouse, tenant: UUID, number: int) -> dict[str, Any] | None:
    """One certificate."""
    return await certificates.one(warehouse, tenant, number)
