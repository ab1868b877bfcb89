"""When entities are due, and the settings that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from headwater.warehouse import jobs, sql
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class Line:
    """The settings of one entity, or of one kind of what belongs to records."""

    entity: str
    enabled: bool
    interval_minutes: int
    webhook_enabled: bool
    due_at: datetime | None
    last_sync_at: datetime | None


async def lines(warehouse: Warehouse, tenant: UUID, connection: int) -> list[Line]:
    """The settings of everything a connection ever read."""
    return [Line(**row) for row in await warehouse.rows(tenant, sql.sync_config, {"connection": connection})]


async def change(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    entity: str,
    *,
    minutes: int | None,
    enabled: bool | None,
    webhooks: bool | None,
    now: datetime,
) -> Line | None:
    """Changes settings (None: stay) and makes the work due that they ask for; None: there is no such line."""
    params = {
        "tenant": tenant,
        "connection": connection,
        "entity": entity,
        "minutes": minutes,
        "enabled": enabled,
        "webhooks": webhooks,
        "now": now,
    }
    async with warehouse.acting_for(tenant) as conn, conn.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(sql.change_config, params)).fetchone()
        if row is None:
            return None
        line = Line(**row)
        if line.enabled:
            await jobs.wake(conn, tenant, connection, "sync", due_at=line.due_at or now)
    return line


async def due(warehouse: Warehouse, tenant: UUID, connection: int) -> list[dict[str, Any]]:
    """Name, interval in `minutes` and `due_at` of every entity that is switched on and was ever looked at."""
    return await warehouse.rows(tenant, sql.schedule, {"connection": connection})


async def deaf(warehouse: Warehouse, tenant: UUID, connection: int) -> set[str]:
    """Entities of which events are not heeded: switched off, or their events are."""
    rows = await warehouse.rows(tenant, sql.deaf_entities, {"connection": connection})
    return {row["entity_type"] for row in rows}


async def hasten(
    conn: Connection, tenant: UUID, connection: int, entities: Sequence[str], *, now: datetime
) -> None:
    """Increments of these entities are due now, in the caller's transaction; workers hear of it."""
    params = {"tenant": tenant, "connection": connection, "entities": list(entities), "now": now}
    await conn.execute(sql.hasten_entities, params)
    await jobs.wake(conn, tenant, connection, "sync", due_at=now)


async def settle(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    entities: Sequence[str] | None,
    *,
    began: datetime,
    now: datetime,
) -> None:
    """These entities (None: all) are due when their interval is over, counted from the beginning."""
    params = {
        "connection": connection,
        "entities": None if entities is None else list(entities),
        "began": began,
        "now": now,
    }
    await warehouse.rows(tenant, sql.put_due, params)


async def draw_in(warehouse: Warehouse, tenant: UUID, connection: int, *, now: datetime) -> list[str]:
    """What a wrong clock made due later than its interval says is due now; the names."""
    rows = await warehouse.rows(tenant, sql.draw_in_config, {"connection": connection, "now": now})
    return [row["entity_type"] for row in rows]


async def pause(
    warehouse: Warehouse, tenant: UUID, connection: int, *, reason: str | None, now: datetime | None
) -> bool:
    """Nothing is done for a connection by itself from `now` on (None: again). False: there is none."""
    params = {"tenant": tenant, "connection": connection, "reason": reason, "now": now}
    return bool(await warehouse.rows(tenant, sql.put_paused, params))


async def paused(warehouse: Warehouse, tenant: UUID, connection: int) -> bool:
    """Whether nothing is done for a connection by itself."""
    rows = await warehouse.rows(tenant, sql.paused, {"connection": connection})
    return bool(rows and rows[0]["paused"])
