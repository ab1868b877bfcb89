"""How far a connection is: cursors, counters, runs and their log."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from headwater.warehouse import sql
from headwater.warehouse.corners import MONTHS
from headwater.warehouse.page import Stored
from headwater.warehouse.pool import Connection, Warehouse


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one entity of a connection."""

    cursor: Mapping[str, Any]
    last_modified_date: datetime | None
    total_records: int
    synced_records: int
    source_records: int | None
    status: str


async def read(warehouse: Warehouse, tenant: UUID, connection: int, entity: str) -> State:
    """The state of an entity; a fresh one when it was never read."""
    rows = await warehouse.rows(tenant, sql.read_state, {"connection": connection, "entity": entity})
    return State(**rows[0]) if rows else State({}, None, 0, 0, None, "pending")


async def enabled(warehouse: Warehouse, tenant: UUID, connection: int, entities: Sequence[str]) -> list[str]:
    """Those of `entities` that are not switched off in sync_config."""
    rows = await warehouse.rows(tenant, sql.disabled_entities, {"connection": connection})
    off = {row["entity_type"] for row in rows}
    return [entity for entity in entities if entity not in off]


async def comparable(warehouse: Warehouse, tenant: UUID, connection: int) -> list[str]:
    """Entities that were read whole once, are switched on and may be read."""
    rows = await warehouse.rows(tenant, sql.comparable, {"connection": connection})
    return [row["entity"] for row in rows]


async def configured(warehouse: Warehouse, tenant: UUID, connection: int, entity: str) -> bool:
    """Gives an entity its line of settings; whether it had none."""
    params = {"connection": connection, "entity": entity}
    return bool(await warehouse.rows(tenant, sql.put_config, params))


async def pause(warehouse: Warehouse, tenant: UUID, connection: int, refused: Mapping[str, str]) -> None:
    """These entities may not be read now, each for its reason; they are tried again at the next run."""
    async with warehouse.acting_for(tenant) as conn:
        for entity, reason in sorted(refused.items()):
            params = {"tenant": tenant, "connection": connection, "entity": entity, "reason": reason}
            await conn.execute(sql.put_config, params)
            await conn.execute(sql.pause_state, params)


async def begin(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    entity: str,
    *,
    sync_type: str,
    cursor: Mapping[str, Any],
    fresh: bool,
    source_records: int | None,
    now: datetime,
) -> int:
    """Opens a run in the log and returns its number. `fresh`: a full read begins, counting starts over.

    Runs that a dead process left open are closed as failed: we hold the connection, so nobody runs them. One
    that rests is closed when a reading begins in its stead.
    """
    params = {
        "connection": connection,
        "entity": entity,
        "sync_type": sync_type,
        "cursor": orjson.dumps(cursor).decode(),
        "fresh": fresh,
        "source_records": source_records,
        "now": now,
        "month": now.date(),
        "instead": sync_type in ("full", "incremental"),
    }
    async with warehouse.acting_for(tenant) as conn:
        params |= {"tenant": tenant}
        await conn.execute(sql.put_config, params)
        await conn.execute(sql.close_orphans, params)
        await conn.execute(sql.begin_state, params)
        row = await (await conn.execute(sql.begin_run, params)).fetchone()
    if row is None:
        raise RuntimeError("begin_run returns a row")
    return int(row[0])


async def take_up(
    warehouse: Warehouse, tenant: UUID, connection: int, entity: str, *, sync_type: str
) -> tuple[int, dict[str, Any]] | None:
    """The number and the notes of the run that rests and goes on now; None: there is none."""
    params = {"tenant": tenant, "connection": connection, "entity": entity, "sync_type": sync_type}
    async with warehouse.acting_for(tenant) as conn:
        row = await (await conn.execute(sql.take_up_run, params)).fetchone()
    return None if row is None else (int(row[0]), row[1])


async def rest(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    *,
    run: int,
    notes: Mapping[str, Any],
    now: datetime,
) -> None:
    """A run waits for its next slice: it stays open in the log, and its entity goes on being read."""
    params = {"connection": connection, "run": run, "notes": orjson.dumps(notes).decode(), "now": now}
    await warehouse.rows(tenant, sql.rest_run, params)


async def advance(
    conn: Connection,
    tenant: UUID,
    connection: int,
    entity: str,
    *,
    run: int,
    cursor: Mapping[str, Any],
    read_records: int,
    full: bool,
    stored: Stored,
    requests: int,
    notes: Mapping[str, Any],
) -> None:
    """Moves the cursor and the counters, last of all in a page's transaction."""
    params = {
        "tenant": tenant,
        "connection": connection,
        "entity": entity,
        "run": run,
        "cursor": orjson.dumps(cursor).decode(),
        "read": read_records,
        "synced": read_records if full else 0,
        "created": stored.created,
        "updated": stored.updated,
        "deleted": stored.deleted,
        "failed": stored.failed,
        "requests": requests,
        "notes": orjson.dumps(notes).decode(),
    }
    await conn.execute(sql.advance_state, params)
    await conn.execute(sql.advance_run, params)


async def finish(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    entity: str,
    *,
    run: int,
    sync_type: str,
    cursor: Mapping[str, Any] | None,
    until: datetime | None,
    notes: Mapping[str, Any],
    error: str | None,
    now: datetime,
    status: str = "complete",
    hold: Callable[[Connection], Awaitable[None]],
) -> float:
    """Closes a run; returns the seconds it took. Whole: the cursor moves behind its window. With `error`:
    only the words are kept.

    `status` is what the entity is then, when nothing went wrong. `hold` proves in the transaction that the
    connection is still ours: a cursor of somebody who took it over is not touched.
    """
    params = {
        "tenant": tenant,
        "connection": connection,
        "entity": entity,
        "run": run,
        "sync_type": sync_type,
        "status": status,
        "cursor": None if cursor is None else orjson.dumps(cursor).decode(),
        "until": until,
        "notes": orjson.dumps(notes).decode(),
        "error": error,
        "now": now,
    }
    async with warehouse.acting_for(tenant) as conn:
        await hold(conn)
        row = await (await conn.execute(sql.finish_run, params)).fetchone()
        await conn.execute(sql.finish_state, params)
        if error is None and sync_type != "webhook":  # events bring no entity up to date
            await conn.execute(sql.finish_config, params)
    return float(row[0]) if row else 0.0


async def ensure_history(warehouse: Warehouse, tenant: UUID, now: datetime) -> None:
    """Makes this month's and the next month's partition of the history if they are missing."""
    async with warehouse.acting_for(tenant) as conn:
        row = await (await conn.execute(sql.history_missing, {"now": now})).fetchone()
        if row == (True,):
            await conn.execute(sql.turn_of_history)
            await conn.execute("set local lock_timeout = '2s'")
            await conn.execute("set local role hw_owner")
            await conn.execute("select pg_advisory_xact_lock(%s)", [MONTHS])
            await conn.execute(sql.ensure_history, {"now": now})
