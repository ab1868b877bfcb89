"""Watching what somebody asked for: how far it is, entity by entity, in numbers and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from headwater.warehouse import sql, starts
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.starts import Start, StartType

__all__ = ["Progress", "Start", "StartType", "Watched", "asked", "recent", "watched"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One entity: what was read of how much. `total`: None where the source does not count beforehand."""

    entity: str
    sync_type: str
    status: str
    done: int
    total: int | None
    created: int
    updated: int
    deleted: int
    failed: int
    error: str | None

    @property
    def words(self) -> str:
        """12,450 / 200,000 leads."""
        of = "" if self.total is None else f" / {max(self.total, self.done):,}"
        return f"{self.done:,}{of} {self.entity}"


@dataclass(frozen=True, slots=True)
class Watched:
    """What was asked for, and its entities as they stand."""

    start: Start
    progress: Sequence[Progress]


async def asked(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    sync_type: StartType,
    entities: Sequence[str] | None,
    *,
    by: str,
    now: datetime,
) -> int:
    """Keeps a wish for a sync or a reconciliation; the number by which it is watched."""
    return await starts.ask(warehouse, tenant, connection, sync_type, entities, by, now)


async def watched(warehouse: Warehouse, tenant: UUID, number: int) -> Watched | None:
    """How far the wish of that number is; None when the tenant has none."""
    start = await starts.read(warehouse, tenant, number)
    if start is None:
        return None
    rows = await warehouse.rows(tenant, sql.start_runs, {"id": number})
    return Watched(start, [_progress(**row) for row in rows])


async def recent(
    warehouse: Warehouse, tenant: UUID, *, limit: int = 50, before: int | None = None
) -> list[Start]:
    """What was asked for, the newest first; of lower numbers than `before`."""
    return await starts.listed(warehouse, tenant, limit, before=before)


def _progress(
    *,
    entity: str,
    sync_type: str,
    status: str,
    processed: int,
    created: int,
    updated: int,
    deleted: int,
    failed: int,
    error: str | None,
    synced: int,
    total: int | None,
) -> Progress:
    """A full read counts what it read before it was cut, too."""
    whole = sync_type == "full"
    return Progress(
        entity, sync_type, status, max(synced, processed) if whole else processed, total if whole else None,
        created, updated, deleted, failed, error,
    )  # fmt: skip
