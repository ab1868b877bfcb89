"""Figures counted from rows, by whoever may only read, within bounds of time and cost."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable

from headwater.core.errors import NeedsPerson
from headwater.warehouse.counting import rendered
from headwater.warehouse.looking import looking
from headwater.warehouse.pool import Connection, People, Warehouse
from headwater.warehouse.question import MOST_GROUPS, Held, Question, Timed

SECONDS = 10
"""So long the database may think about one chart."""

DEAREST = 100_000_000
"""What a plan may cost, in the planner's units. It takes rows that are seen with their record for rows whose
record is always looked up, which it is not for who sees all."""

# Every index begins with the tenant, whose rows lie together: the planner takes all of them for as orderly as
# that. Where pages cost hardly more at random it reads a table in the order of its employees, each page
# twenty times: 13 times as long for 890,000 rows.
SETTINGS = """
    set local role hw_query;
    set local jit = off;
    set local work_mem = '32MB';
    set local random_page_cost = 2"""

PLANNED_SECONDS = 300
"""So long what a plan costs is taken to be true for the same question: tables do not grow faster."""

MOST_PLANNED = 2_000


class TooDear(NeedsPerson):
    """The question would keep the database busy for too long."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Groups by level: dictionaries of `level, x_connection, x, g_connection, g, currency, value, records,
    assumed`. `cut`: there are more of them than an answer has room for."""

    groups: Sequence[Mapping[str, Any]]
    cut: bool
    cost: float


def reading(
    warehouse: Warehouse, tenant: UUID, own: People | None
) -> AbstractAsyncContextManager[Connection]:
    """A transaction that only reads, with the rights of who reads. TookTooLong: narrow it."""
    return looking(
        warehouse, tenant, own, seconds=SECONDS,
        advice="narrow it by a period, a connection or a person", settings=SETTINGS,
    )  # fmt: skip


class Planned(NamedTuple):
    """A question as a statement, what its plan costs, and until when that is true."""

    statement: bytes
    params: Mapping[str, Any]
    cost: float
    until: float


_planned: dict[tuple[UUID, str], Planned] = {}
"""Looking at a plan takes as long as making it, and dashboards ask the same again and again."""


async def counted(conn: Connection, tenant: UUID, question: Question) -> Counted:
    """The groups of a question. Raises TooDear where the plan says that it would take too long."""
    plan = await _plan(conn, tenant, question)
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(plan.statement, plan.params)
        groups = await cursor.fetchall()
    return Counted(groups[:MOST_GROUPS], len(groups) > MOST_GROUPS, plan.cost)


async def span(conn: Connection, tenant: UUID, rows: Timed, zone: str) -> tuple[date | None, date | None]:
    """The first and the last day of all rows by a clock, in a zone; as far as Python has days."""
    local = SQL(
        "case when {0} is not null"
        " then (greatest(least({0}, '9999-12-30'), '0001-01-02') at time zone %(zone)s)::date end"
    )
    statement = SQL("select {}, {} from {}{}").format(
        local.format(SQL("min({})").format(SQL(rows.clock))),
        local.format(SQL("max({})").format(SQL(rows.clock))),
        SQL(rows.relation),
        SQL(" where r.tenant_id = %(tenant)s" if rows.tenanted else ""),
    )
    row = await (await conn.execute(statement, {"tenant": tenant, "zone": zone})).fetchone()
    return (row[0], row[1]) if row else (None, None)


async def undated(conn: Connection, tenant: UUID, rows: Timed) -> bool:
    """Whether there are rows without a time by a clock."""
    statement = SQL("select exists (select from {} where {}{} is null)").format(
        SQL(rows.relation),
        SQL("r.tenant_id = %(tenant)s and " if rows.tenanted else ""),
        SQL(rows.clock),
    )
    row = await (await conn.execute(statement, {"tenant": tenant})).fetchone()
    return bool(row and row[0])


async def holds(conn: Connection, tenant: UUID, held: Held, value: str) -> bool:
    """Whether a row has this value, as it is written."""
    column: Composable = SQL("{}::text").format(SQL(held.column))
    if held.custom is not None:
        column = SQL("r.custom_fields ->> %(custom)s")
    statement = SQL("select exists (select from {} where {}{} = %(value)s)").format(
        SQL(" ").join(map(SQL, (held.relation, *held.joins))),
        SQL("r.tenant_id = %(tenant)s and " if held.tenanted else ""),
        column,
    )
    params = {"tenant": tenant, "value": value, "custom": held.custom}
    row = await (await conn.execute(statement, params)).fetchone()
    return bool(row and row[0])


async def _plan(conn: Connection, tenant: UUID, question: Question) -> Planned:
    key = (tenant, repr(question))
    known = _planned.get(key)
    if known is not None and known.until > monotonic():
        return known
    composed, params = rendered(question)
    statement, bound = composed.as_bytes(conn), {"tenant": tenant, **params}
    rows = await (await conn.execute(b"explain (format json) " + statement, bound)).fetchone()
    cost = float(rows[0][0]["Plan"]["Total Cost"]) if rows else 0.0
    if cost > DEAREST:
        raise TooDear(
            "this would keep the database busy for too long: narrow it by a period, a connection or a person"
        )
    if len(_planned) >= MOST_PLANNED:
        del _planned[next(iter(_planned))]
    _planned[key] = Planned(statement, bound, cost, monotonic() + PLANNED_SECONDS)
    return _planned[key]
