"""Rows of the crm_* tables as somebody asks for them: filtered, in an order, page by page."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder

from headwater.core.model import Kind
from headwater.warehouse.columns import SQL_TYPES
from headwater.warehouse.listings import LISTINGS, Listing
from headwater.warehouse.looking import looking
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

    `owners`: only what belongs to these people, in whatever connection: policies are exact, this has an
    index.
    `within`: only those whose column has one of the values of a sub-select; with its parameters.
    """

    listing: str
    conditions: Sequence[Condition] = ()
    fields: Sequence[str] = ()
    order: str = "id"
    descending: bool = False
    connection: int | None = None
    owners: Sequence[str] | None = None
    within: Composable | None = None
    params: Mapping[str, Any] | None = None

    @property
    def about(self) -> Listing:
        return LISTINGS[self.listing]

    def of(self, own: People | None) -> "Question":
        """The same, by whom it is asked: where a column tells whose a row is, its index helps."""
        if own is None or self.about.owner is None:
            return self
        return replace(self, owners=sorted({one for people in own.values() for one in people}))


class Page(NamedTuple):
    """Rows in their order, and the last one's place where more follow."""

    rows: list[dict[str, Any]]
    last: Place | None


def reading(
    warehouse: Warehouse, tenant: UUID, own: People | None
) -> AbstractAsyncContextManager[Connection]:
    """A transaction that only looks, as somebody who sees all or his own. TookTooLong: narrow it."""
    return looking(
        warehouse, tenant, own, seconds=SECONDS,
        advice="narrow it by a connection, a stage, a person or a time",
        settings="set local max_parallel_workers_per_gather = 0",
    )  # fmt: skip


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
        """The rows are found in their table alone, then called by name: a planner that guesses how many rows
        joins leave would not trust an index to end soon."""
        question, about = self.question, self.question.about
        wheres, params = _wheres(question)
        columns = self._sorted_by()
        if self.valued is not None:
            empty = SQL("r.{} is not null" if self.valued else "r.{} is null")
            wheres.append(empty.format(Identifier(about.columns[question.order].name)))
        if after is not None:
            bound = [after.value] * bool(self.valued) + [after.connection, *after.key]
            params |= {f"p{at}": value for at, value in enumerate(bound)}
            wheres.append(
                SQL("({}) {} ({})").format(
                    SQL(", ").join(columns), SQL("<" if question.descending else ">"),
                    SQL(", ").join(self._bound(at, of=len(bound)) for at in range(len(bound))),
                )
            )  # fmt: skip
        direction = SQL(" desc" if question.descending else "")
        statement = SQL(
            "select {shown} from"
            " (select * from {table} as r where {wheres} order by {order} limit {limit}) as r"
            " join headwater.connections as c on c.tenant_id = %(tenant)s and c.id = r.connection_id{named}"
            " order by {order}"
        ).format(
            shown=SQL(", ").join([SQL("c.slug"), *_shown(question), *_placed(question)]),
            table=Identifier("public", about.table),
            wheres=SQL(" and ").join(wheres),
            order=SQL(", ").join(one + direction for one in columns),
            limit=Literal(limit),
            named=_named(question),
        )
        return statement, params

    def _sorted_by(self) -> list[Composable]:
        about = self.question.about
        value = [Identifier("r", about.columns[self.question.order].name)] if self.valued else []
        return [*value, Identifier("r", "connection_id"), *(Identifier("r", name) for name in about.key)]

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


def _named(question: Question) -> Composable:
    """What the view has of a row, where that is asked for. Looked up row by row: left to itself, a planner
    that meets so many joins reads a table whole."""
    about = question.about
    names = [about.columns[name].name for name in question.fields if about.columns[name].joined]
    if not names:
        return SQL("")
    same = [SQL("v.{0} = r.{0}").format(Identifier(name)) for name in ("connection_id", *about.key)]
    return SQL(
        " cross join lateral (select {} from {} as v where v.tenant_id = %(tenant)s and {} limit 1) as v"
    ).format(
        SQL(", ").join(map(Identifier, names)), Identifier("public", about.relation), SQL(" and ").join(same)
    )


def _shown(question: Question) -> list[Composable]:
    """Amounts and JSON as text: every digit arrives, whatever a reader makes of numbers."""
    shown: list[Composable] = []
    for name in question.fields:
        column = question.about.columns[name]
        text = SQL("{}::text" if column.kind in (Kind.NUMBER, Kind.JSON) else "{}")
        shown.append(text.format(Identifier("v" if column.joined else "r", column.name)))
    return shown


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
    if question.owners is not None:
        wheres.append(SQL("r.{} = any (%(owners)s::text[])").format(Identifier(question.about.owner or "")))
        params["owners"] = list(question.owners)
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
