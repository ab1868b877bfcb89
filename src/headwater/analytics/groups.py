"""Groups of an answer: called as people call them, in their order, with as many digits as have meaning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, TypeAlias

from headwater.analytics.catalog import RECORD_BOOKS
from headwater.analytics.compiling import CONNECTIONS, Cut, Name, axes_of
from headwater.analytics.countable import Dimension, Unit
from headwater.analytics.notes import Note
from headwater.analytics.records import Looking
from headwater.analytics.spoken import Spoken
from headwater.analytics.understood import Axis, Understood
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse.named import labelled
from headwater.warehouse.numbers import Counted
from headwater.warehouse.pool import Connection
from headwater.warehouse.question import CELL, ROW

DIGITS: Mapping[Unit, int] = {"number": 4, "money": 2, "share": 6, "days": 2, "seconds": 0}
STAGED = (("stages", "deals"), ("stages", "leads"))
ROOMY = Context(prec=200_000)
"""More digits than the database has."""

EARLIER = "earlier"
"""The group of what lies before an axis begins."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One group: its keys as they are kept and as people call them (None: it has none), its value in which
    currency, how many records are behind it. `sort` is its place among its like, where they have one."""

    x: str | None
    label: str | None
    g: str | None
    group: str | None
    value: Decimal | None
    currency: str | None
    records: int
    sort: int = 0
    connection: int | None = None


async def labels(
    conn: Connection, looking: Looking, asked: Understood, counted: Counted
) -> Mapping[tuple[int, str], str]:
    """What records that rows are grouped by are called."""
    found: dict[tuple[int, str], str] = {}
    for name, axis in axes_of(asked).items():
        book = axis.dimension.book if axis.dimension else None
        if book is None or book[0] not in RECORD_BOOKS:
            continue
        ids = {row[name] for row in counted.groups if row[name] is not None}
        found |= await labelled(conn, looking.tenant, book[0], sorted(ids))
    return found


Named: TypeAlias = dict[tuple[int | None, str | None], tuple[str | None, str | None, int]]
"""By connection and key: the key as it is kept, what people call it, its place among its like."""


@dataclass(frozen=True, slots=True)
class Told:
    """Groups as people call them: `labels` of records, everything else from the tenant's words."""

    asked: Understood
    known: Vocabulary
    cuts: Mapping[Name, Cut]
    language: str
    labels: Mapping[tuple[int, str], str]

    def figures(self, counted: Counted, *, staged: bool) -> list[Figure]:
        """The groups in their order: time goes forward, stages as deals go through them where `staged`,
        everything else by its value."""
        axis = self.asked.x
        if axis is None:
            return []
        level = CELL if self.asked.g is not None else ROW
        rows = [row for row in counted.groups if row["level"] == level]
        names = {name: self._names(name, axis, rows) for name, axis in axes_of(self.asked).items()}
        found = [self._figure(row, names) for row in rows]
        if axis.dimension is None:
            return sorted(found, key=lambda one: (one.x is None, one.sort, *_cell(one)))
        if staged and axis.dimension.book in STAGED:
            return sorted(found, key=lambda one: (one.sort, one.label or "", one.x or "", *_cell(one)))
        rows = [row for row in counted.groups if row["level"] == ROW]
        places = {(row["x_connection"], row["x"], row["currency"]): at for at, row in enumerate(rows)}
        return sorted(
            found, key=lambda one: (places.get((one.connection, one.x, one.currency), 0), *_cell(one))
        )

    def _figure(self, row: Mapping[str, Any], names: Mapping[Name, Named]) -> Figure:
        x, label, sort = names["x"][row["x_connection"], row["x"]]
        g, group, _ = names["g"][row["g_connection"], row["g"]] if "g" in names else (None, None, 0)
        value = exact(row["value"], self.asked.unit)
        return Figure(x, label, g, group, value, row["currency"], row["records"], sort, row["x_connection"])

    def _names(self, name: Name, axis: Axis, rows: Sequence[Mapping[str, Any]]) -> Named:
        """What groups are called, told apart where several are called the same: by their portals, and by
        their ids where that is not enough."""
        found = {(row[f"{name}_connection"], row[name]): self._named(name, axis, row) for row in rows}
        alike = Counter(label for _, label, _ in found.values())
        there = Counter((link, label) for (link, _), (_, label, _) in found.items())
        for (link, key), (shown, label, sort) in found.items():
            if label is None or alike[label] == 1:
                continue
            portal = [] if link is None or alike[label] == there[link, label] else [self._portal(link)]
            id = [] if there[link, label] == 1 or key is None else [key]
            found[link, key] = shown, " · ".join((label, *portal, *id)), sort
        return found

    def _portal(self, link: int) -> str:
        named = self.known.of(CONNECTIONS).get((link, str(link)))
        return named.label if named else str(link)

    def _named(self, name: Name, axis: Axis, row: Mapping[str, Any]) -> tuple[str | None, str | None, int]:
        """A key: its value, what people call it, its place."""
        key: str | None = row[name]
        if axis.dimension is not None:
            return self._worded(axis.dimension, key, row[f"{name}_connection"])
        if key is None:
            return None, None, 0
        place = int(key)
        if axis.part is not None:
            from_sunday = axis.part == "isodow" and self.known.week_start == "sunday"
            return key, Spoken(self.language).part(key, axis.part), place % 7 if from_sunday else place
        starts = self.cuts[name].starts
        if place == 0:
            return EARLIER, Note(EARLIER, {"day": starts[0]}).to(self.language), 0
        return starts[place - 1].isoformat(), starts[place - 1].isoformat(), place

    def _worded(
        self, dimension: Dimension, key: str | None, connection: int | None
    ) -> tuple[str | None, str | None, int]:
        if dimension.values:
            word = dimension.values.get(key or "")
            return key, word.to(self.language) if word else key, 0
        if key is None or dimension.book is None:
            return key, key, 0
        names = self.known.of(dimension.book)
        links = self.known.connections if connection is None else [connection]
        if dimension.book == CONNECTIONS:
            links = [int(key)]
        for link in links:
            if found := names.get((link, key)):
                return key, found.label, found.sort
            if (link, key) in self.labels:
                return key, self.labels[link, key], 0
        return key, key, 0


def _cell(one: Figure) -> tuple[str, str, str]:
    """The place of a figure among those of one x; the same every time, also where groups are called alike."""
    return one.group or "", one.g or "", one.currency or ""


def exact(value: Any, unit: Unit) -> Decimal | None:
    """A figure with as many digits as its unit has meaning for."""
    if value is None or isinstance(value, int):
        return value if value is None else Decimal(value)
    found = number(value)
    return rounded(found, DIGITS[unit]) if found.is_finite() else None


def number(value: Any) -> Decimal:
    """What the database said, as an exact number; nothing is 0."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def rounded(value: Decimal, digits: int) -> Decimal:
    """A number with so many digits after the point, however many come before it."""
    return value.quantize(Decimal(1).scaleb(-digits), context=ROOMY)
