"""Who looked at what: kept for each tenant, and shown to his administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

Action = Literal["read", "list", "search", "export", "erase", "delete", "close", "reopen", "disconnect"]
ACTIONS: tuple[Action, ...] = get_args(Action)
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Access:
    """One look: who, what he did, at which entity (None: at several), how many records he got."""

    id: int
    accessed_by: str
    action: Action
    entity: str | None
    record_count: int | None
    created_at: datetime


async def logged(
    warehouse: Warehouse,
    tenant: UUID,
    by: str,
    action: Action,
    entity: str | None = None,
    count: int | None = None,
    *,
    now: datetime,
) -> None:
    """Writes down that somebody did this. To be called before the answer leaves; one insert."""
    params = {"by": by[:LONGEST_NAME], "action": action, "entity": entity, "count": count, "now": now}
    await warehouse.rows(tenant, sql.say_access, params)


async def accesses(
    warehouse: Warehouse,
    tenant: UUID,
    *,
    limit: int,
    before: int | None = None,
    by: str | None = None,
    action: Action | None = None,
) -> list[Access]:
    """The newest first, with a lower number than `before`; of one caller, of one kind."""
    params = {"limit": limit, "before": before, "by": by, "action": action}
    return [Access(**row) for row in await warehouse.rows(tenant, sql.access_log, params)]
