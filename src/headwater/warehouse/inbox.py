"""Events as they arrived: stored before they are acknowledged, marked when what they tell of is stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from headwater.warehouse import doors, jobs, sql
from headwater.warehouse.pool import Connection, Warehouse, claim


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event at a door that let it in. `opens`: digest of member and token of an application, which the
    common address lets in from now on."""

    tenant: UUID
    connection: int
    event: str
    entity: str | None
    external_id: str | None
    body: str
    member: str = ""
    opens: bytes | None = None


class Waiting(NamedTuple):
    """An event that waits to be applied."""

    id: int
    event: str
    entity: str | None
    external_id: str | None


async def store(warehouse: Warehouse, arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """Stores events of any connections in one transaction and wakes those who apply them."""
    by_connection: dict[tuple[int, UUID], list[Arrival]] = defaultdict(list)
    for one in arrivals:
        by_connection[one.connection, one.tenant].append(one)
    async with warehouse.connection() as conn, conn.transaction():
        # In the order of connections: two processes that lock rows of the same ones never wait for each
        # other.
        for (connection, tenant), events in sorted(by_connection.items()):
            await claim(conn, tenant)
            await _store(conn, tenant, connection, events, now)


async def _store(
    conn: Connection, tenant: UUID, connection: int, events: Sequence[Arrival], now: datetime
) -> None:
    base = {"tenant": tenant, "connection": connection, "now": now}
    columns = {
        "events": [one.event for one in events],
        "entities": [one.entity for one in events],
        "ids": [one.external_id for one in events],
        "bodies": [one.body for one in events],
    }
    await conn.execute(sql.put_events, base | columns)
    told = {one.entity: now for one in events if one.entity}
    heard = {"count": len(events), "told": orjson.dumps(told).decode()}
    await conn.execute(sql.hear_events, base | heard)
    for one in events:
        if one.opens is not None:
            await doors.put(conn, tenant, connection, "application", one.opens, one.member, now=now)
    await jobs.wake(conn, tenant, connection, "drain", due_at=now)


async def newest(warehouse: Warehouse, tenant: UUID, connection: int) -> int | None:
    """The number of the last event that waits."""
    [row] = await warehouse.rows(tenant, sql.newest_event, {"connection": connection})
    return row["max"] and int(row["max"])


async def waiting(
    warehouse: Warehouse, tenant: UUID, connection: int, *, after: int, limit: int
) -> list[Waiting]:
    """Events that wait, in the order they came."""
    params = {"connection": connection, "after": after, "limit": limit}
    return [Waiting(**row) for row in await warehouse.rows(tenant, sql.waiting_events, params)]


async def mark(
    conn: Connection, tenant: UUID, connection: int, outcomes: Mapping[int, str], *, now: datetime
) -> None:
    """These events, by number, need not be applied any more; each with what became of it."""
    params = {
        "tenant": tenant,
        "connection": connection,
        "ids": list(outcomes),
        "outcomes": list(outcomes.values()),
        "now": now,
    }
    await conn.execute(sql.mark_events, params)


async def tried(warehouse: Warehouse, tenant: UUID, connection: int, ids: Sequence[int], reason: str) -> None:
    """These events could not be applied now, for this reason."""
    if ids:
        params = {
            "connection": connection,
            "ids": list(ids),
            "reason": reason.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        }
        await warehouse.rows(tenant, sql.try_events, params)


async def replay(
    warehouse: Warehouse,
    tenant: UUID,
    connection: int,
    *,
    since: datetime,
    until: datetime,
    entity: str | None,
    now: datetime,
) -> int:
    """Has the events of a time applied again, those of one entity or all; how many there are."""
    params = {"tenant": tenant, "connection": connection, "since": since, "until": until, "entity": entity}
    async with warehouse.acting_for(tenant) as conn:
        count = (await conn.execute(sql.replay_events, params)).rowcount
        if count:
            await jobs.wake(conn, tenant, connection, "drain", due_at=now)
    return count


async def counted(warehouse: Warehouse, tenant: UUID) -> dict[int, tuple[int, datetime]]:
    """How many events wait, and since when the oldest of them does, by connection."""
    rows = await warehouse.rows(tenant, sql.count_events, {})
    return {row["connection"]: (row["waiting"], row["oldest"]) for row in rows}


async def listed(
    warehouse: Warehouse, tenant: UUID, connections: Sequence[int], *, waiting: bool, limit: int
) -> list[dict[str, Any]]:
    """Events as they arrived, the last first; all, or those that wait."""
    params = {"connections": list(connections), "waiting": waiting, "limit": limit}
    return await warehouse.rows(tenant, sql.events, params)
