"""What is to be done and who does it: a row for each connection and kind, made due by whoever wants it.

Who takes a row does its work, then says what became of it. A row taken by a worker who lives no more is free
again: his lock tells, not a clock (decision 0013).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row

from headwater.warehouse import sql
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.pool import Connection, Warehouse

Kind = Literal["sync", "drain", "sets", "reconcile", "refresh", "housekeeping", "backup", "watch", "rights"]
HOUSE = 0  # the connection of what concerns no connection
NOBODY_IS_FREE = timedelta(seconds=1)
"""Work that others could do and that is due longer than this waits for somebody to be free."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a worker took. `tries`: how often it failed since it last succeeded."""

    connection: int
    kind: Kind
    tenant: UUID | None
    due_at: datetime
    payload: Mapping[str, Any]
    tries: int


@dataclass(frozen=True, slots=True)
class Line:
    """How work stands: due, held, under way, failing since when, why, and by what kind of error."""

    connection: int
    kind: Kind
    due_at: datetime | None
    held_until: datetime | None
    worker: int | None
    taken_at: datetime | None
    tries: int
    error: str | None
    error_kind: str | None
    payload: Mapping[str, Any]
    failing_since: datetime | None
    done_at: datetime | None


class Waiting(NamedTuple):
    """Who waits for work under way to end: other work of its connection, others for whom nobody is free."""

    same: bool
    others: bool


async def wake(
    conn: Connection,
    tenant: UUID | None,
    connection: int,
    kind: Kind,
    *,
    due_at: datetime,
    payload: Mapping[str, Any] | None = None,
    urgent: bool = False,
) -> None:
    """Makes work due, in the caller's transaction: workers hear of it when that is committed.

    A wish while the work is under way is another wish: it is done again. `payload` is laid over what was
    wished for before. `urgent`: a person wishes it, who need not wait until a failure is forgotten.
    """
    params = {
        "tenant": tenant,
        "connection": connection,
        "kind": kind,
        "due_at": due_at,
        "payload": orjson.dumps(payload or {}).decode(),
        "urgent": urgent,
    }
    await conn.execute(sql.wake_job, params)
    if urgent:
        await conn.execute(sql.unhold_jobs, params)


async def plan(
    warehouse: Warehouse, tenant: UUID | None, connection: int, kind: Kind, *, due_at: datetime
) -> None:
    """Gives work its first time, unless it ever had one."""
    params = {"tenant": tenant, "connection": connection, "kind": kind, "due_at": due_at}
    async with warehouse.connection() as conn:
        await conn.execute(sql.plan_job, params)


async def take(warehouse: Warehouse, worker: int, kinds: Sequence[Kind], *, now: datetime) -> Job | None:
    """The work of these kinds that is due longest, of a connection on which nobody works; it is the worker's
    then. None: there is none, or the worker is not registered any more."""
    params = {"worker": worker, "kinds": list(kinds), "now": now}
    try:
        async with warehouse.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
            row = await (await cursor.execute(sql.take_job, params)).fetchone()
    except psycopg.errors.UniqueViolation:  # somebody took other work of that connection at the same moment
        return await take(warehouse, worker, kinds, now=now)
    return None if row is None else Job(**row)


async def finish(
    warehouse: Warehouse,
    worker: int,
    job: Job,
    *,
    due_at: datetime | None,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> bool:
    """Work is done, and due again then (None: when somebody wishes it), or at once if it was wished for
    meanwhile. `payload` is laid over what is kept; None takes a key away. False: it was not ours any more."""
    params = _named(worker, job, now) | {
        "due_at": due_at,
        "payload": orjson.dumps(payload or {}).decode(),
    }
    async with warehouse.connection() as conn, conn.transaction():
        ours = (await conn.execute(sql.finish_job, params)).rowcount == 1
        if ours:
            await conn.execute(sql.unhold_jobs, params)
    return ours


async def fail(
    warehouse: Warehouse,
    worker: int,
    job: Job,
    *,
    error: str,
    error_kind: str | None = None,
    until: datetime,
    now: datetime,
) -> int:
    """Work failed and is held until then; returns how often work on its connection failed in a row.
    `error_kind` names the class of the error."""
    params = _named(worker, job, now) | {
        "error": error.replace("\0", "�"),
        "error_kind": error_kind,
        "until": until,
    }
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute(sql.fail_job, params)
        row = await (await conn.execute(sql.failed_in_a_row, params)).fetchone()
    return int(row[0]) if row else 0


async def hold(warehouse: Warehouse, connection: int, *, until: datetime) -> None:
    """Nothing of a connection is tried before then, or before a person wishes for something of it."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.hold_jobs, {"connection": connection, "until": until})


async def drop(warehouse: Warehouse, worker: int, job: Job, *, now: datetime) -> None:
    """The connection of this work is no more."""
    async with warehouse.connection() as conn:
        await conn.execute(sql.drop_job, _named(worker, job, now))


async def waiting(warehouse: Warehouse, job: Job, *, now: datetime) -> Waiting:
    """Who waits for this work to end."""
    params = {"connection": job.connection, "kind": job.kind, "now": now, "since": now - NOBODY_IS_FREE}
    async with warehouse.connection() as conn:
        row = await (await conn.execute(sql.jobs_waiting, params)).fetchone()
    return Waiting(*row) if row else Waiting(same=False, others=False)


async def freed(warehouse: Warehouse, *, now: datetime) -> list[tuple[int, Kind]]:
    """Makes the work of dead workers everybody's again, and forgets them."""
    async with warehouse.connection() as conn:
        params = {"now": now, "corner": WORKERS}
        rows = await (await conn.execute(sql.free_jobs, params)).fetchall()
        await conn.execute(sql.bury_workers, params)
    return [(row[0], row[1]) for row in rows]


async def drawn_in(
    warehouse: Warehouse, *, now: datetime, latest: datetime, longest: datetime
) -> list[tuple[int, Kind]]:
    """What a wrong clock made due after `latest` is due now; what it holds longer than `longest` is free, and
    events that wait so long are due."""
    params = {"now": now, "latest": latest, "longest": longest}
    async with warehouse.connection() as conn:
        rows = await (await conn.execute(sql.draw_in_jobs, params)).fetchall()
    return [(row[0], row[1]) for row in rows]


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Line]:
    """All work of a tenant's connections and of the house."""
    statement: LiteralString = sql.jobs
    return [Line(**row) for row in await warehouse.rows(tenant, statement, {})]


def _named(worker: int, job: Job, now: datetime) -> dict[str, Any]:
    return {"worker": worker, "connection": job.connection, "kind": job.kind, "now": now}
