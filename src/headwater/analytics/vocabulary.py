"""A tenant's own words: how it counts, what its stages, sources and people are called, fields it added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from headwater.analytics.countable import Book
from headwater.analytics.periods import WeekStart
from headwater.core.model import Kind
from headwater.warehouse import sql
from headwater.warehouse.pool import People, Warehouse


class Name(NamedTuple):
    """What an id is called; `sort` is its place among others, `kind` what kind of it is (`won`, a slug)."""

    label: str
    sort: int
    kind: str


Names = Mapping[tuple[int, str], Name]
"""By connection and id."""


class Own(NamedTuple):
    """A field that a company added to its CRM."""

    entity: str
    connection: int
    name: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`zone` and `today` there, `minutes` of it that have passed; `currency` is the one amounts are shown in
    (None: nobody knows); `connections` are all there are; `names` of every book."""

    zone: str
    today: date
    minutes: int
    week_start: WeekStart
    currency: str | None
    connections: Sequence[int]
    names: Mapping[Book, Names]
    own: Sequence[Own]

    def of(self, book: Book) -> Names:
        """The names in a book; none where it is not kept here."""
        return self.names.get(book, {})


async def vocabulary(warehouse: Warehouse, tenant: UUID, own: People | None = None) -> Vocabulary:
    """The tenant's words as they are now, as far as the caller sees them."""
    [counting] = await warehouse.rows(tenant, sql.counting, {}, own=own)
    names: dict[Book, dict[tuple[int, str], Name]] = {}
    fields: list[Own] = []
    for row in await warehouse.rows(tenant, sql.vocabulary, {}, own=own):
        if row["book"] == "custom":
            fields.append(_own(row))
            continue
        book = tuple(part for part in (row["book"], row["entity"], row["field"]) if part)
        names.setdefault(book, {})[row["connection"], row["id"]] = Name(
            row["label"], row["sort"], row["kind"]
        )
    return Vocabulary(
        counting["zone"], counting["today"], counting["seconds_of_day"] // 60, counting["week_start"],
        counting["currency"], counting["connections"], names, fields,
    )  # fmt: skip


def _own(row: Mapping[str, Any]) -> Own:
    return Own(row["entity"], row["connection"], row["id"], row["label"] or row["id"], Kind(row["kind"]))
