"""Records for a caller: in lists, one by one with what belongs to them and what became of them, or all."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from headwater.analytics.questions import Misasked, following, place_of
from headwater.core import bookmark
from headwater.core.model import Kind
from headwater.warehouse import records, single
from headwater.warehouse.connections import Link
from headwater.warehouse.listings import LISTINGS
from headwater.warehouse.pool import Connection, People, Warehouse
from headwater.warehouse.records import Condition, Question, reading
from headwater.warehouse.related import RELATED
from headwater.warehouse.single import Moment

__all__ = [
    "COUNTED",
    "Listed",
    "Looking",
    "Several",
    "exported",
    "history",
    "listed",
    "one",
    "related",
    "single_of",
]

COUNTED = 100_000
"""So far a total is counted; it is told that there are more."""

BELONGING = 20
"""Rows of each kind that are shown with a record; the rest is asked for by itself."""

BATCH = 2000
"""Rows of an export that are in memory at once."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks: a tenant's caller, who sees all of it or what belongs to these people."""

    warehouse: Warehouse
    tenant: UUID
    own: People | None = None

    def reading(self) -> Any:
        return reading(self.warehouse, self.tenant, self.own)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of rows; `next` is the place to go on from where there are more. `total` where it was asked for:
    COUNTED stands for so many or more."""

    rows: Sequence[Mapping[str, Any]]
    next: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Single:
    """Which record is meant. `process` tells items of smart processes apart, whose ids are not."""

    listing: str
    id: str
    link: Link
    process: str | None = None

    @property
    def entity(self) -> str:
        """What the history and its links call its kind."""
        return f"items_{self.process}" if self.process else str(LISTINGS[self.listing].entity)


class Several(Exception):
    """Several records have this id: in these connections, of these processes."""

    def __init__(self, found: Sequence[Single]) -> None:
        super().__init__("several records have this id")
        self.found = found


async def listed(
    who: Looking, question: Question, *, limit: int, after: str | None = None, counted: bool = False
) -> Listed:
    """A page of the rows that were asked for. Raises Misasked for a place that is none of this question."""
    place = None if after is None else place_of(question, after)
    asked = question.of(who.own)
    async with who.reading() as conn:
        page = await records.page(conn, who.tenant, asked, limit=limit, after=place)
        total = await records.count(conn, who.tenant, asked, most=COUNTED) if counted else None
    return Listed(page.rows, page.last and following(question, page.last), total)


async def exported(who: Looking, question: Question) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """All rows that were asked for, a batch in memory at a time.

    Each batch is a transaction of its own: one that lasts as long as a slow reader would hold back the feeds
    of changes and the cleaning of tables. A record that does not change is in it once.
    """
    place = None
    while True:
        async with who.reading() as conn:
            page = await records.page(conn, who.tenant, question.of(who.own), limit=BATCH, after=place)
        yield page.rows
        if page.last is None:
            return
        place = page.last


async def single_of(
    who: Looking, links: Sequence[Link], listing: str, id: str, *, process: str | None = None
) -> Single | None:
    """The record of that id in one of these connections, as far as the caller sees it; None: he sees none.
    Raises Several."""
    about = LISTINGS[listing]
    conditions = [Condition("id", "eq", id)]
    scope = ("process",) if "process" in about.key else ()
    if scope and process is not None:
        conditions.append(Condition("process", "eq", process))
    alone = links[0].id if len(links) == 1 else None
    question = Question(listing, conditions, scope, connection=alone)
    async with who.reading() as conn:
        page = await records.page(conn, who.tenant, question, limit=10)
    by_slug = {link.slug: link for link in links}
    found = [
        Single(listing, id, by_slug[row["connection"]], row.get("process"))
        for row in page.rows
        if row["connection"] in by_slug
    ]
    if len(found) > 1:
        raise Several(found)
    return found[0] if found else None


async def one(who: Looking, single_: Single, *, source_fields: bool) -> dict[str, Any] | None:
    """A record whole, the first rows of everything that belongs to it, and where the rest begins."""
    link = single_.link
    async with who.reading() as conn:
        record = await _row(conn, who, single_)
        if record is None:
            return None
        found: dict[str, Any] = {"record": record, "links": {}}
        for kind in RELATED[single_.listing]:
            found["links"][kind] = await _related(conn, who, single_, record, kind, limit=BELONGING)
        if source_fields:
            found["source_fields"] = await single.source_fields(
                conn, who.tenant, link.id, link.slug, link.source, single_.entity, single_.id
            )
    return found


async def related(
    who: Looking, single_: Single, kind: str, *, limit: int, after: str | None
) -> Listed | None:
    """Rows of one kind that belong to a record; None when the caller does not see the record."""
    async with who.reading() as conn:
        record = await _row(conn, who, single_)
        if record is None:
            return None
        return await _related(conn, who, single_, record, kind, limit=limit, after=after)


async def history(who: Looking, single_: Single, *, limit: int, after: str | None) -> Listed | None:
    """What changed in a record, the newest first; None when the caller does not see the record."""
    place = None if after is None else _moment(after)
    async with who.reading() as conn:
        if await _row(conn, who, single_) is None:
            return None
        rows = await single.history(
            conn, who.tenant, single_.link.id, single_.entity, single_.id, limit=limit + 1, after=place
        )
    last = Moment(rows[limit - 1]["began"], rows[limit - 1]["seen_at"]) if len(rows) > limit else None
    return Listed(rows[:limit], last and bookmark.written(*last))


async def _row(conn: Connection, who: Looking, single_: Single) -> Mapping[str, Any] | None:
    conditions = [Condition("id", "eq", single_.id)]
    if single_.process is not None:
        conditions.append(Condition("process", "eq", single_.process))
    fields = tuple(LISTINGS[single_.listing].columns)
    question = Question(single_.listing, conditions, fields, connection=single_.link.id)
    page = await records.page(conn, who.tenant, question, limit=1)
    return page.rows[0] if page.rows else None


async def _related(
    conn: Connection, who: Looking, single_: Single, record: Mapping[str, Any], kind: str, *,
    limit: int, after: str | None = None,
) -> Listed:  # fmt: skip
    asked = RELATED[single_.listing][kind].question(single_.entity, single_.link.id, record)
    marked = replace(asked, conditions=[Condition("id", "eq", f"{single_.entity} {single_.id} {kind}")])
    place = None if after is None else place_of(marked, after)
    page = await records.page(conn, who.tenant, asked, limit=limit, after=place)
    return Listed(page.rows, page.last and following(marked, page.last))


def _moment(text: str) -> Moment:
    try:
        began, seen_at = bookmark.read(text)
        place = Moment(int(str(began)), datetime.fromisoformat(seen_at))
        if place.seen_at.tzinfo is None or not 0 <= place.began < 2**63:
            raise ValueError("out of bounds")
    except (ValueError, TypeError) as exc:
        raise Misasked(
            "after", "this is no place in a history: take `next` of the last answer as it is"
        ) from exc
    return place


def kinds_of(listing: str) -> Sequence[str]:
    """What belongs to records of a listing, by the words that doors use."""
    return tuple(RELATED.get(listing, ()))


def listing_behind(listing: str, kind: str) -> str:
    """The listing of the rows of one kind that belong to records of another."""
    return RELATED[listing][kind].listing


def is_single(listing: str) -> bool:
    """Whether rows of a listing are records with ids of their own."""
    return LISTINGS[listing].single


def documents(listing: str) -> Sequence[str]:
    """The fields of a listing that hold JSON: rows carry its text."""
    return tuple(name for name, column in LISTINGS[listing].columns.items() if column.kind is Kind.JSON)
