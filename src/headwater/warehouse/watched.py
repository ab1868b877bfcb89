"""Figures for those who watch from outside: of every tenant, or of some, by few statements in one
transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.sql import SQL, Literal

from headwater.warehouse import sql
from headwater.warehouse.connections import Tenant
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.pool import Connection, Warehouse, claim
from headwater.warehouse.workers import Worker

LATELY = timedelta(hours=1)
ALARMED = timedelta(days=2)  # reconciliations are nightly: an alarm that no later one took back


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity. `minutes`: how often it is read; None: it is switched off or may not be read."""

    connection: int
    entity: str
    status: str
    stored: int
    complete_to: datetime | None
    minutes: int | None
    answered_at: datetime | None
    failed: int
    failed_lately: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One connection. `error_kind` is that of the work which fails longest; `changed_at`: when a run last
    found something; `alarms`: entities whose last comparison gave alarm."""

    connection: int
    slug: str
    source: str
    portal: str
    paused_at: datetime | None
    created_at: datetime
    credentials_at: datetime
    failing_since: datetime | None
    tries: int | None
    error_kind: str | None
    listening: str
    last_event_at: datetime | None
    events: int
    events_refused: int
    events_waiting: int
    events_oldest_at: datetime | None
    doors: int
    changed_at: datetime | None
    alarms: int


@dataclass(frozen=True, slots=True)
class Follower:
    """One who follows the changes of a connection. `waits_since`: of the oldest that he has not worked in."""

    connection: int
    reader: str
    waits_since: datetime | None


class Mine(NamedTuple):
    """What is watched of one tenant."""

    tenant: Tenant
    connections: Sequence[Watched]
    entities: Sequence[Entity]
    followers: Sequence[Follower]


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole house. `now` is the database's clock; `jobs` counts work by kind and state."""

    now: datetime
    bytes: int
    jobs: Mapping[str, Mapping[str, int]]
    backup_at: datetime | None
    began_at: datetime | None
    workers: Sequence[Worker]


async def of_tenants(
    warehouse: Warehouse, tenants: Sequence[Tenant], *, now: datetime, seconds: float
) -> list[Mine]:
    """How the connections of these tenants stand. RetryLater when the database takes longer than that."""
    times = {"lately": now - LATELY, "alarmed": now - ALARMED}
    found = []
    async with warehouse.connection() as conn, conn.transaction():
        await _bounded(conn, seconds)
        for tenant in tenants:
            await claim(conn, tenant.id)
            links = await _rows(conn, sql.watched_connections, tenant.id, times)
            entities = await _rows(conn, sql.watched_entities, tenant.id, times)
            followers = await _rows(conn, sql.watched_followers, tenant.id, {})
            found.append(
                Mine(
                    tenant,
                    [Watched(**row) for row in links],
                    [Entity(**row) for row in entities],
                    [Follower(**row) for row in followers],
                )
            )
    return found


async def of_house(warehouse: Warehouse, *, now: datetime, seconds: float) -> Whole:
    """How the whole house stands. RetryLater when the database takes longer than that."""
    async with warehouse.connection() as conn, conn.transaction():
        await _bounded(conn, seconds)
        [house] = await _rows(conn, sql.watched_house, None, {"now": now})
        workers = await _rows(conn, sql.living_workers, None, {"corner": WORKERS})
    made = house["backup_at"]
    return Whole(
        house["now"],
        house["bytes"],
        house["jobs"] or {},
        None if made is None else datetime.fromisoformat(made),
        house["began_at"],
        [Worker(**row) for row in workers],
    )


async def _bounded(conn: Connection, seconds: float) -> None:
    """Whoever watches must not add to the trouble he is to tell of."""
    await conn.execute(SQL("set local statement_timeout = {}").format(Literal(round(seconds * 1000))))


async def _rows(
    conn: Connection, statement: LiteralString, tenant: UUID | None, params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, {"tenant": tenant, **params})
        return await cursor.fetchall()
