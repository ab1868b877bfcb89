"""How a connection learns of changes: by events, by polling, or by polling as its events fell silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

State = Literal["polling", "events", "silent"]


@dataclass(frozen=True, slots=True)
class Listening:
    """The state of a connection and its figures; `told` says when an event last told of an entity."""

    connection: int
    state: State
    reason: str | None
    since: datetime
    last_event_at: datetime | None
    told: Mapping[str, str]
    events: int
    refused: int
    missed: int


async def read(warehouse: Warehouse, tenant: UUID, connection: int) -> Listening | None:
    """The state of one connection; None when nobody ever came to a door of it."""
    rows = await warehouse.rows(tenant, sql.listening, {"connection": connection})
    return Listening(**rows[0]) if rows else None


async def all_of(warehouse: Warehouse, tenant: UUID) -> dict[int, Listening]:
    """The same of all connections of a tenant."""
    rows = await warehouse.rows(tenant, sql.listening, {"connection": None})
    return {row["connection"]: Listening(**row) for row in rows}


async def missed(
    warehouse: Warehouse, tenant: UUID, connection: int, *, most: int, reason: str, now: datetime
) -> State | None:
    """Counts an increment that found what no event told of; the state then. After `most` in a row it is
    silent."""
    params = {"connection": connection, "most": most, "reason": reason, "now": now}
    rows = await warehouse.rows(tenant, sql.miss_events, params)
    return rows[0]["state"] if rows else None
