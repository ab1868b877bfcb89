"""What people and programs asked for: a sync or a reconciliation, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from headwater.core.errors import NeedsPerson
from headwater.warehouse import jobs, sql
from headwater.warehouse.pool import Warehouse

StartType = Literal["full", "incremental", "reconcile"]
Status = Literal["queued", "running", "completed", "failed"]
SYNCS: Sequence[StartType] = ("full", "incremental")
"""Those that the `sync` job of a connection does; `reconcile` does the others."""


@dataclass(frozen=True, slots=True)
class Start:
    """One wish. `entities`: None for all; `runs`: numbers in the log of the runs made for it so far."""

    tenant: UUID
    id: int
    connection: int
    sync_type: StartType
    entities: Sequence[str] | None
    asked_at: datetime
    asked_by: str
    status: Status
    begun_at: datetime | None
    ended_at: datetime | None
    runs: Sequence[int]
    error: str | None

    @property
    def over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in ("completed", "failed")


async def ask(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    sync_type: StartType,
    entities: Sequence[str] | None,
    asked_by: str,
    now: datetime,
) -> int:
    """Keeps a wish and makes its work due, both or neither; returns the number it can be watched by.

    A connection of somebody else's is none: NeedsPerson. Names of entities are checked by whoever asks.
    """
    params = {
        "tenant": tenant,
        "connection": connection,
        "sync_type": sync_type,
        "entities": None if entities is None else list(entities),
        "asked_by": asked_by,
        "now": now,
    }
    async with warehouse.acting_for(tenant) as conn:
        row = await (await conn.execute(sql.ask_start, params)).fetchone()
        if row is None:
            raise NeedsPerson(f"there is no connection of the number {connection}")
        kind: jobs.Kind = "reconcile" if sync_type == "reconcile" else "sync"
        await jobs.wake(conn, tenant, connection, kind, due_at=now, urgent=True)
    return int(row[0])


async def read(warehouse: Warehouse, tenant: UUID, id: int) -> Start | None:
    """The wish of that number, if the tenant has one."""
    rows = await warehouse.rows(tenant, sql.read_start, {"id": id})
    return Start(**rows[0]) if rows else None


async def listed(
    warehouse: Warehouse,
    tenant: UUID,
    limit: int,
    *,
    connection: int | None = None,
    before: int | None = None,
) -> list[Start]:
    """A tenant's wishes, or those of one connection, the newest first; of lower numbers than `before`."""
    params = {"limit": limit, "connection": connection, "before": before}
    rows = await warehouse.rows(tenant, sql.starts, params)
    return [Start(**row) for row in rows]


async def waiting(
    warehouse: Warehouse, tenant: UUID, connection: int, sync_types: Sequence[StartType]
) -> list[Start]:
    """What was asked for of a connection and is not done, in its order; also what a slice or a dead worker
    left half done."""
    params = {"connection": connection, "sync_types": list(sync_types)}
    return [Start(**row) for row in await warehouse.rows(tenant, sql.waiting_starts, params)]


async def begin(warehouse: Warehouse, start: Start, now: datetime) -> None:
    """Somebody works on it."""
    await warehouse.rows(start.tenant, sql.begin_start, {"id": start.id, "now": now})


async def note(warehouse: Warehouse, start: Start, runs: Sequence[int]) -> None:
    """These runs are made for it."""
    await warehouse.rows(start.tenant, sql.note_start, {"id": start.id, "runs": list(runs)})


async def done(warehouse: Warehouse, start: Start) -> set[str]:
    """The entities that were done whole for it, in slices before this one."""
    rows = await warehouse.rows(start.tenant, sql.done_of_start, {"id": start.id})
    return {row["entity"] for row in rows}


async def finish(warehouse: Warehouse, start: Start, now: datetime, *, error: str | None = None) -> None:
    """It is done, or failed for good with these words."""
    await warehouse.rows(start.tenant, sql.finish_start, {"id": start.id, "now": now, "error": error})
