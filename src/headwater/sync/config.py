"""How often what is synced, changed while the service runs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from headwater.core.errors import NeedsPerson
from headwater.warehouse import jobs, schedules
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.schedules import Line

__all__ = ["LONGEST", "SHORTEST", "Line", "change", "lines", "pause", "resume"]

SHORTEST, LONGEST = 1, 1440
"""Minutes between two syncs of an entity."""


async def lines(warehouse: Warehouse, tenant: UUID, connection: int) -> Sequence[Line]:
    """The settings of everything that a connection reads; nothing before its first sync."""
    return await schedules.lines(warehouse, tenant, connection)


async def change(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    entity: str,
    *,
    now: datetime,
    interval_minutes: int | None = None,
    enabled: bool | None = None,
    webhook_enabled: bool | None = None,
) -> Line:
    """Changes what is given; workers heed it at once. Raises NeedsPerson with what there is."""
    if interval_minutes is not None and not SHORTEST <= interval_minutes <= LONGEST:
        raise NeedsPerson(f"an interval has {SHORTEST} to {LONGEST} minutes, not {interval_minutes}")
    line = await schedules.change(
        warehouse, tenant, connection, entity,
        minutes=interval_minutes, enabled=enabled, webhooks=webhook_enabled, now=now,
    )  # fmt: skip
    if line is None:
        names = ", ".join(one.entity for one in await lines(warehouse, tenant, connection))
        raise NeedsPerson(
            f"there is no {entity!r} to set; there are: {names or 'none before the first sync'}"
        )
    return line


async def pause(warehouse: Warehouse, tenant: UUID, connection: int, *, reason: str, now: datetime) -> None:
    """From now on nothing is done for a connection by itself; what a person asks for is."""
    if not await schedules.pause(warehouse, tenant, connection, reason=reason, now=now):
        raise NeedsPerson(f"there is no connection of the number {connection}")


async def resume(warehouse: Warehouse, tenant: UUID, connection: int, *, now: datetime) -> None:
    """The connection lives again; what became due meanwhile is done once."""
    if not await schedules.pause(warehouse, tenant, connection, reason=None, now=None):
        raise NeedsPerson(f"there is no connection of the number {connection}")
    async with warehouse.acting_for(tenant) as conn:
        for kind in ("sync", "drain", "sets"):
            await jobs.wake(conn, tenant, connection, kind, due_at=now)
