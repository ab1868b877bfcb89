"""Rows of the crm_* tables as somebody asks for them: filtered, in an order, page by page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder

from headwater.core.errors import RetryLater
from headwater.core.model import Kind
from headwater.warehouse.columns import SQL_TYPES
from headwater.warehouse.listings import LISTINGS, Listing
from headwater.warehouse.pool import Connection, People, Warehouse

SECONDS = 20
"""So long the database may think about one page."""

SIGNS: Mapping[str, SQL] = {
    "eq": SQL("{} = {}"),
    "ne": SQL("{} is distinct from {}"),
    "lt": SQL("{} < {}"),
    "lte": SQL("{} <= {}"),
    "gt": SQL("{} > {}"),
    "gte": SQL("{} >= {}"),
    "in": SQL("{} = any ({})"),
    "contains": SQL("strpos(lower({}), lower({})) > 0"),
}
CONNECTION = "connection"


class Condition(NamedTuple):
    """A field of a listing, how it is compared, and with what: a value of its kind, several for `in`, and for
    `null` whether it is empty."""

    field: str
    operator: str
    value: Any


class Place(NamedTuple):
    """A row in an order: its value there (None: it has none, these come last), its connection, its key."""

    value: Any
    connection: int
    key: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Rows of a listing that meet all conditions, with these fields, in the order of one of them.

    `within`: only those whose column has one of the values of a sub-select; with its parameters.
    """

    listing: str
    conditions: Sequence[Condition] = ()
    fields: Sequence[str] = ()
    order: str = "id"
    descending: bool = False
    connection: int | None = None
    within: Composable | None = None
    params: Mapping[str, Any] | None = None

    @property
    def about(self) -> Listing:
        return LISTINGS[self.listing]


class Page(NamedTuple):
    """Rows in their order, and the last one's place where more follow."""

    rows: list[dict[str, Any]]
    last: Place | None


@asynccontextmanager
async def reading(warehouse: Warehouse, tenant: UUID, own: People | None) -> AsyncIterator[Connection]:
    """A transaction that only looks, as somebody who sees all or his own. RetryLater: it took too long."""
    try:
        async with warehouse.acting_for(tenant, own) as conn:
            await conn.execute(f"set local statement_timeout = '{SECONDS}s'; set local timezone = 'UTC'")
            yield conn
    except RetryLater as exc:
        if not isinstance(exc.__cause__, psycopg.errors.QueryCanceled):
            raise
        raise RetryLater(
            f"the database thought about this for {SECONDS} seconds: narrow it by a connection, a stage, "
            "a person or a time",
            wait=SECONDS,
        ) from exc


async def page(
    conn: Connection, tenant: UUID, question: Question, *, limit: int, after: Place | None = None
) -> Page:
    """The next rows. Rows without a value in the order come last, whichever way it goes."""
    found: list[tuple[Any, ...]] = []
    for part in parts(question):
        if after is not None and not part.reaches(after):
            continue
        missing = limit + 1 - len(found)
        start = after if after is not None and part.begins_at(after) else None
        statement, params = part.statement(start, missing)
        cursor = await conn.execute(statement, {"tenant": tenant, **params})
        found += await cursor.fetchall()
        if len(found) > limit:
            break
    names = [CONNECTION, *question.fields]
    rows = [dict(zip(names, row, strict=False)) for row in found[:limit]]
    return Page(rows, _place(question, found[limit - 1]) if len(found) > limit else None)


async def count(conn: Connection, tenant: UUID, question: Question, *, most: int) -> int:
    """How many rows there are; `most` stands for so many or more."""
    wheres, params = _wheres(question)
    statement = SQL("select count(*) from (select from {} as r where {} limit {}) as found").format(
        Identifier("public", question.about.table), SQL(" and ").join(wheres), Literal(most)
    )
    [number] = await (await conn.execute(statement, {"tenant": tenant, **params})).fetchone() or [0]
    return int(number)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows with a value in the order (`valued`), those without one, or all of them where the order is that of
    the key (None)."""

    question: Question
    valued: bool | None

    def reaches(self, place: Place) -> bool:
        """Whether rows of this part come after a place."""
        return self.valued is not True or place.value is not None

    def begins_at(self, place: Place) -> bool:
        """Whether a place is within this part."""
        return self.valued is None or self.valued == (place.value is not None)

    def statement(self, after: Place | None, limit: int) -> tuple[Composed, dict[str, Any]]:
        question, about = self.question, self.question.about
        wheres, params = _wheres(question)
        sorted_by = [Identifier("r", "connection_id"), *(Identifier("r", name) for name in about.key)]
        if self.valued is not None:
            column = Identifier("r", about.columns[question.order].name)
            wheres.append(SQL("{} is not null" if self.valued else "{} is null").format(column))
            if self.valued:
                sorted_by.insert(0, column)
        if after is not None:
            bound = [after.connection, *after.key]
            bound = [after.value, *bound] if self.valued else bound
            params |= {f"p{at}": value for at, value in enumerate(bound)}
            wheres.append(
                SQL("({}) {} ({})").format(
                    SQL(", ").join(sorted_by), SQL("<" if question.descending else ">"),
                    SQL(", ").join(self._bound(at, of=len(bound)) for at in range(len(bound))),
                )
            )  # fmt: skip
        direction = SQL(" desc" if question.descending else "")
        statement = SQL("select {shown} from {of} as r join headwater.connections as c"
                        " on c.tenant_id = r.tenant_id and c.id = r.connection_id"
                        " where {wheres} order by {order} limit {limit}").format(
            shown=SQL(", ").join([SQL("c.slug"), *_shown(question), *_placed(question)]),
            of=Identifier("public", about.relation),
            wheres=SQL(" and ").join(wheres),
            order=SQL(", ").join(one + direction for one in sorted_by),
            limit=Literal(limit),
        )  # fmt: skip
        return statement, params

    def _bound(self, at: int, *, of: int) -> Composable:
        """A bound value as its column's own type: only then the comparison is one that an index knows."""
        about = self.question.about
        kinds = {column.name: column.kind for column in about.columns.values()}
        key = [Kind.INTEGER, *(kinds.get(name, Kind.TEXT) for name in about.key)]
        if of > len(key):
            key.insert(0, about.columns[self.question.order].kind)
        return _typed(f"p{at}", key[at])


def parts(question: Question) -> list[Part]:
    return [Part(question, valued) for valued in ((None,) if question.order == "id" else (True, False))]


def _shown(question: Question) -> list[Composable]:
    columns = question.about.columns
    return [_exact(columns[name].name, columns[name].kind) for name in question.fields]


def _exact(column: str, kind: Kind) -> Composable:
    """Amounts and JSON as text: every digit arrives, whatever a reader makes of numbers."""
    return SQL("r.{}::text" if kind in (Kind.NUMBER, Kind.JSON) else "r.{}").format(Identifier(column))


def _placed(question: Question) -> list[Composable]:
    """What a row's place is made of."""
    about = question.about
    value = [] if question.order == "id" else [Identifier("r", about.columns[question.order].name)]
    return [*value, Identifier("r", "connection_id"), *(Identifier("r", name) for name in about.key)]


def _place(question: Question, row: Sequence[Any]) -> Place:
    values = row[1 + len(question.fields) :]
    if question.order == "id":
        return Place(None, values[0], values[1:])
    return Place(values[0], values[1], values[2:])


def _wheres(question: Question) -> tuple[list[Composable], dict[str, Any]]:
    wheres: list[Composable] = [SQL("r.tenant_id = %(tenant)s")]
    params: dict[str, Any] = dict(question.params or {})
    if question.connection is not None:
        wheres.append(SQL("r.connection_id = %(connection)s"))
        params["connection"] = question.connection
    if question.within is not None:
        wheres.append(question.within)
    for at, (field, operator, value) in enumerate(question.conditions):
        column = question.about.columns[field]
        name = Identifier("r", column.name)
        if operator == "null":
            wheres.append(SQL("{} is null" if value else "{} is not null").format(name))
            continue
        params[f"f{at}"] = value
        wheres.append(SIGNS[operator].format(name, _typed(f"f{at}", column.kind, many=operator == "in")))
    return wheres, params


def _typed(name: str, kind: Kind, *, many: bool = False) -> Composable:
    return SQL("{}::{}").format(Placeholder(name), SQL(SQL_TYPES[kind] + ("[]" if many else "")))
