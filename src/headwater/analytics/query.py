"""A chart's figures: asked of the warehouse, and called as people call them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any, TypeAlias

from headwater.analytics.catalog import RECORD_BOOKS
from headwater.analytics.compiling import (
    CONNECTIONS,
    Compiler,
    Cut,
    Name,
    all_have_days,
    axes_of,
    clock_of,
    cuts,
    place_of,
)
from headwater.analytics.configs import ChartConfig
from headwater.analytics.data import WEEKDAYS, Dimension, Unit
from headwater.analytics.filters import Chosen
from headwater.analytics.notes import Note
from headwater.analytics.periods import Window
from headwater.analytics.records import Looking
from headwater.analytics.understood import Axis, Understood, understood
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse import numbers
from headwater.warehouse.counting import CELL, MOST_GROUPS, ROW, WHOLE
from headwater.warehouse.named import called, labelled
from headwater.warehouse.numbers import Counted
from headwater.warehouse.pool import Connection

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a chart shows, and what is to be said of it.

    `figures` are its groups, `whole` the figure of everything (one for each currency that was not converted),
    `before` the same of the period `earlier`, `rest` what groups that are not shown add up to. `entities` are
    those whose changes change it; `cost` is what the database thought it would cost.
    """

    asked: Understood
    figures: Sequence[Figure]
    whole: Sequence[Figure]
    before: Sequence[Figure] | None
    earlier: Window | None
    rest: Decimal | None
    grain: str | None
    notes: Sequence[Note]
    zone: str
    cost: float

    @property
    def value(self) -> Decimal | None:
        """The figure of everything, in the displayed currency where it is money."""
        return self.whole[0].value if self.whole else None

    @property
    def change(self) -> Decimal | None:
        """By what part the figure changed since the period before; None: there is nothing to compare with."""
        currency = self.whole[0].currency if self.whole else None
        before = next((one.value for one in self.before or () if one.currency == currency), None)
        if self.value is None or not before:
            return None
        return rounded((self.value - before) / abs(before), 6)

    @property
    def entities(self) -> Sequence[str]:
        return sorted({entity for one in self.asked.parts for entity in one.about.entities})


async def answered(
    looking: Looking, config: ChartConfig, known: Vocabulary, *, language: str = "en"
) -> Answer:
    """The figures of a chart, their groups called in that language. Raises Misasked, TooDear, RetryLater."""
    asked = understood(config, known)
    async with numbers.looking(looking.warehouse, looking.tenant, looking.own) as conn:
        asked = replace(
            asked, chosen=[await _looked_up(conn, looking, known, asked, one) for one in asked.chosen]
        )
        cut = await cuts(conn, looking.tenant, asked, known)
        days = looking.own is None and await all_have_days(conn, looking.tenant, asked)
        compiler = Compiler(config, known, asked, cut, days)
        counted = await numbers.counted(conn, looking.tenant, compiler.question(asked.window))
        earlier = _earlier(config, asked, known)
        before = None
        if earlier is not None:
            before = _whole(asked, await numbers.counted(conn, looking.tenant, compiler.before(earlier)))
        told = _Told(asked, known, cut, language, await _labels(conn, looking, asked, counted))
    whole = _whole(asked, counted)
    figures = told.figures(counted, staged=config.chart_type in ("funnel", "heatmap"))
    return Answer(
        asked, figures, whole, before, earlier, _rest(asked, counted, whole),
        cut["x"].grain if "x" in cut else None,
        _notes(config, asked, counted, whole, cut, earlier, language), known.zone, counted.cost,
    )  # fmt: skip


async def _looked_up(
    conn: Connection, looking: Looking, known: Vocabulary, asked: Understood, one: Chosen
) -> Chosen:
    """Names of companies and the like become ids: there are too many of them to know by heart. A word that no
    book has may still be in the rows. Raises Misasked."""
    if one.dimension is None or not one.doubts:
        return one
    ids = list(one.ids or ())
    for text, doubt in one.doubts.items():
        found = await _records(conn, looking, one.dimension, text)
        there = await _is_there(conn, looking, asked, one.dimension, text)
        if not found and not there:
            raise doubt
        ids += found
        ids += [(link, text) for link in known.connections if there]
    return replace(one, ids=ids)


async def _records(
    conn: Connection, looking: Looking, dimension: Dimension, text: str
) -> Sequence[tuple[int, str]]:
    if dimension.book is None or dimension.book[0] not in RECORD_BOOKS:
        return []
    return await called(conn, looking.tenant, dimension.book[0], [text])


async def _is_there(
    conn: Connection, looking: Looking, asked: Understood, dimension: Dimension, text: str
) -> bool:
    """Whether a row of anything that is counted has this value, as it is written."""
    for data in {one.data: one.about for one in asked.parts}.values():
        if await numbers.holds(conn, looking.tenant, place_of(data, dimension), text):
            return True
    return False


async def _labels(
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


def _earlier(config: ChartConfig, asked: Understood, known: Vocabulary) -> Window | None:
    """The period that this one is compared with, where there is one."""
    days = config.comparison_period_days
    if days is None or None in {clock_of(asked, one) for one in asked.parts}:
        return None
    return asked.window.earlier(days, known.today)


Named: TypeAlias = dict[tuple[int | None, str | None], tuple[str | None, str | None, int]]
"""By connection and key: the key as it is kept, what people call it, its place among its like."""


@dataclass(frozen=True, slots=True)
class _Told:
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
        value = _exact(row["value"], self.asked.unit)
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
        if axis.part == "isodow":
            first = place % 7 if self.known.week_start == "sunday" else place
            return key, WEEKDAYS[key].to(self.language), first
        if axis.part is not None:
            return key, f"{place:02d}:00", place
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


def _whole(asked: Understood, counted: Counted) -> list[Figure]:
    """The figure of everything, the displayed currency first. Of no amounts at all the sum is nothing."""
    found = [
        Figure(None, None, None, None, _exact(row["value"], asked.unit), row["currency"], row["records"])
        for row in counted.groups
        if row["level"] == WHOLE
    ]
    if not found and asked.metric.adds_up and asked.unit == "money":
        return [Figure(None, None, None, None, Decimal(0), asked.display, 0)]
    return sorted(found, key=lambda one: (one.currency != asked.display, -one.records))


def _rest(asked: Understood, counted: Counted, whole: Sequence[Figure]) -> Decimal | None:
    """What is left of the whole beside the groups that are shown, where they add up."""
    if asked.x is None or not asked.metric.adds_up or asked.counted.share or not whole:
        return None
    rows = [row for row in counted.groups if row["currency"] == whole[0].currency]
    everything = sum((_number(row["value"]) for row in rows if row["level"] == WHOLE), Decimal())
    shown = sum((_number(row["value"]) for row in rows if row["level"] == ROW), Decimal())
    return rounded(everything - shown, DIGITS[asked.unit])


def _notes(
    config: ChartConfig, asked: Understood, counted: Counted, whole: Sequence[Figure],
    cut: Mapping[Name, Cut], earlier: Window | None, language: str,
) -> list[Note]:  # fmt: skip
    """What a reader must know to take the figures for what they are."""
    notes = [Note("mended", one._asdict()) for one in asked.repairs]
    if None in {clock_of(asked, one) for one in asked.parts}:
        notes.append(Note("as_of_now"))
    if config.comparison_period_days is not None and earlier is None:
        notes.append(Note("not_compared"))
    for name, axis in axes_of(asked).items():
        if axis.grain is not None and name in cut and cut[name].grain != axis.grain:
            notes.append(Note("coarser", {"grain": cut[name].grain, "wanted": axis.grain}))
    if counted.cut:
        notes.append(Note("cut", {"most": f"{MOST_GROUPS:,}"}))
    if asked.money and asked.display is None and len(whole) > 1:
        notes.append(Note("own_currencies"))
    elif asked.money and (apart := [one.currency for one in whole if one.currency != asked.display]):
        listed = ", ".join(one or Note("no_currency").to(language) for one in apart)
        notes.append(Note("no_rate", {"display": asked.display, "currencies": listed}))
    if assumed := sum(row["assumed"] for row in counted.groups if row["level"] == WHOLE):
        notes.append(Note("assumed", {"count": f"{assumed:,}"}))
    return notes


def _exact(value: Any, unit: Unit) -> Decimal | None:
    """A figure with as many digits as its unit has meaning for."""
    if value is None or isinstance(value, int):
        return value if value is None else Decimal(value)
    exact = _number(value)
    return rounded(exact, DIGITS[unit]) if exact.is_finite() else None


def _number(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def rounded(value: Decimal, digits: int) -> Decimal:
    """A number with so many digits after the point, however many come before it."""
    return value.quantize(Decimal(1).scaleb(-digits), context=ROOMY)
