"""What `headwater doctor` asks the database, and what it mends there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Composed

from headwater.core.errors import NeedsPerson
from headwater.warehouse import sql
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.pool import Warehouse


@dataclass(frozen=True, slots=True)
class Examined:
    """`owner_unbound`, `app_unbound`: the role is above row security or inherits what it should not. Of
    tables: `unsecured` have a policy that is switched off, `unpoliced` none, `ungranted` cannot be written by
    us. `settings` endanger what is committed. `schemas` are those of our owner."""

    roles: Sequence[str]
    owner_unbound: bool
    app_may_alter: bool
    app_unbound: bool
    unsecured: Sequence[str]
    ungranted: Sequence[str]
    unpoliced: Sequence[str]
    settings: Sequence[str]
    connections: int
    schemas: Sequence[str]
    prepared_seconds: float


class Stuck(NamedTuple):
    """Work that is held by a `dead` worker, or by a living one for long."""

    connection: int
    kind: str
    dead: bool


async def examined(warehouse: Warehouse) -> Examined:
    """What may be wrong with the database."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Examined)) as cursor:
        await cursor.execute(sql.examined)
        found = await cursor.fetchone()
    if found is None:
        raise RuntimeError("a select without from returns a row")
    return found


async def stuck(warehouse: Warehouse, *, long: datetime) -> list[Stuck]:
    """Work that is held by nobody, or since before `long`."""
    async with warehouse.connection() as conn, conn.cursor(row_factory=class_row(Stuck)) as cursor:
        await cursor.execute(sql.stuck_jobs, {"corner": WORKERS, "long": long})
        return await cursor.fetchall()


async def held_seconds(warehouse: Warehouse, tenant: UUID, *, now: datetime) -> float:
    """How long the feed of a tenant's changes is held back by some transaction."""
    rows = await warehouse.rows(tenant, sql.held_changes, {"now": now})
    return max(0.0, rows[0]["seconds"] or 0.0) if rows else 0.0


async def secured(warehouse: Warehouse) -> list[str]:
    """Switches row security on where a policy is there and it is off, and grants us what we need; the tables.

    Done by the owner of the tables. Raises NeedsPerson where we may not become it.
    """
    found = await examined(warehouse)
    if not found.app_may_alter:
        raise NeedsPerson("hw_app is no member of hw_owner: run `headwater migrate` as an administrator")
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("set local role hw_owner")
        await conn.execute("set local lock_timeout = '5s'")
        for name in found.unsecured:
            await conn.execute(_of("alter table {} enable row level security", name))
            await conn.execute(_of("alter table {} force row level security", name))
        for name in found.ungranted:
            await conn.execute(_of("grant select, insert, update, delete on {} to hw_app", name))
    return sorted({*found.unsecured, *found.ungranted})


def _of(statement: str, name: str) -> Composed:
    """The statement with a table's name as `regclass` wrote it: quoted where need be."""
    return SQL(statement).format(SQL(name))
