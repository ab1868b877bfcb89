"""A chart's figures: what was understood becomes one statement, and its groups become rows for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from headwater.analytics import periods
from headwater.analytics.configs import ChartConfig
from headwater.analytics.data import WEEKDAYS, Data, Dimension, Unit
from headwater.analytics.metrics import Metric
from headwater.analytics.notes import Note
from headwater.analytics.periods import Window
from headwater.analytics.records import Looking
from headwater.analytics.understood import RECORD_BOOKS, Axis, Chosen, Understood, understood
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse import numbers
from headwater.warehouse.named import called, labelled
from headwater.warehouse.numbers import (
    CELL,
    MOST_GROUPS,
    ROW,
    WHOLE,
    Condition,
    Counted,
    Key,
    Money,
    Part,
    Period,
    Question,
)
from headwater.warehouse.pool import Connection

LIMITS = {"pie": 8, "donut": 8, "table": 100, "funnel": 100, "heatmap": 100, "cohort": 100}
USUAL_LIMIT = 20
DIGITS: Mapping[Unit, int] = {"number": 4, "money": 2, "share": 6, "days": 2, "seconds": 0}


@dataclass(frozen=True, slots=True)
class Figure:
    """One group: its keys as they are kept and as people call them (None: it has none), its value, how many
    records are behind it. `sort` is its place among its like, where they have one."""

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
    `before` the same of the period it is compared with, `rest` what groups that are not shown add up to.
    """

    asked: Understood
    figures: Sequence[Figure]
    whole: Sequence[Figure]
    before: Sequence[Figure] | None
    rest: Decimal | None
    window: Window
    earlier: Window | None
    grain: str | None
    notes: Sequence[Note]
    zone: str
    cost: float
    entities: Sequence[str]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> Decimal | None:
        """The figure of everything, in the displayed currency where it is money."""
        return self.whole[0].value if self.whole else None

    @property
    def change(self) -> Decimal | None:
        """By what part the figure changed since the period before; None: there is nothing to compare with."""
        before = self.before[0].value if self.before else None
        if self.value is None or not before:
            return None
        return (self.value - before) / abs(before)


async def answered(
    looking: Looking, config: ChartConfig, known: Vocabulary, *, language: str = "en"
) -> Answer:
    """The figures of a chart, their groups called in that language. Raises Misasked, TooDear, RetryLater."""
    asked = understood(config, known)
    async with numbers.looking(looking.warehouse, looking.tenant, looking.own) as conn:
        asked = await _looked_up(conn, looking, asked)
        return await _Compiling(looking, config, known, asked, conn, language).answer()


async def _looked_up(conn: Connection, looking: Looking, asked: Understood) -> Understood:
    """Names of companies and the like become ids: there are too many of them to know by heart."""
    chosen: list[Chosen] = []
    for one in asked.chosen:
        if one.named and one.dimension is not None and one.dimension.book is not None:
            found = await called(conn, looking.tenant, one.dimension.book[0], one.named)
            one = replace(one, ids=found)
        chosen.append(one)
    return replace(asked, chosen=chosen)


class _Compiling:
    """One question on its way to the database and back."""

    def __init__(
        self,
        looking: Looking,
        config: ChartConfig,
        known: Vocabulary,
        asked: Understood,
        conn: Connection,
        language: str,
    ) -> None:
        self.looking = looking
        self.config = config
        self.known = known
        self.asked = asked
        self.conn = conn
        self.language = language
        self.missing = False
        self.notes: list[Note] = []
        self.links = known.connections if asked.connections is None else asked.connections
        self.days = {"x": asked.x, "g": asked.g}
        self.starts: dict[str, Sequence[date]] = {}
        self.grain: str | None = None

    async def answer(self) -> Answer:
        asked, window = self.asked, self.asked.window
        await self._cut()
        self.missing = await self._missing()
        question = self._question(window)
        counted = await numbers.counted(self.conn, self.looking.tenant, question)
        before, earlier = None, None
        if (days := self.config.comparison_period_days) is not None:
            before, earlier = await self._before(days)
        figures = await self._figures(counted)
        whole = self._whole(counted)
        self._say(counted, whole)
        return Answer(
            asked, figures, whole, before, self._rest(figures, whole), window, earlier, self.grain, self.notes,
            self.known.zone, counted.cost, sorted({e for one in asked.parts for e in one.about.entities}),
        )  # fmt: skip

    async def _before(self, days: int) -> tuple[Sequence[Figure] | None, Window | None]:
        window = self.asked.window
        if window.since is None or any(self._clock(one) is None for one in self.asked.parts):
            self.notes.append(Note("not_compared"))
            return None, None
        earlier = window.earlier(days)
        today_is_in = window.until == self.known.today + timedelta(days=1)
        cut = (24 * 60 - self.known.minutes) * 60 if today_is_in else 0
        question = replace(self._question(earlier, cut=cut, alone=True), first=None)
        counted = await numbers.counted(self.conn, self.looking.tenant, question)
        return self._whole(counted), earlier

    # To the database

    async def _cut(self) -> None:
        """Where the groups of axes of time begin. An axis without ends reaches as far as there are records."""
        for name, axis in self.days.items():
            if axis is None or axis.dimension is not None or axis.part is not None:
                continue
            since, until = self.asked.window.since, self.asked.window.until
            clocks = {self._axis_clock(axis, one) for one in self.asked.parts}
            if since is None or until is None or self._by_other_clock(axis):
                first, last = await self._reach(axis)
                since, until = since if since and not self._by_other_clock(axis) else first, until or last
            if since is None or until is None or not clocks:
                self.starts[name] = [self.known.today]
                continue
            wanted = axis.grain or periods.grain_of((until - since).days)
            grain = periods.fitting(since, until, wanted)
            if axis.grain is not None and grain != axis.grain:
                self.notes.append(Note("coarser", {"grain": grain, "wanted": axis.grain}))
            self.starts[name] = periods.starts(since, until, grain, self.known.week_start)
            self.grain = self.grain or grain

    async def _missing(self) -> bool:
        """Whether all time is asked for and there are records without a time: no day has them."""
        window = self.asked.window
        if window.since is not None or window.until is not None:
            return False
        for data in {one.about.name: one.about for one in self.asked.parts if one.about.rolled}.values():
            part = Part(data.relation, "count(*)", period=Period(data.times[data.time], None, None))
            if await numbers.undated(self.conn, self.looking.tenant, part):
                return True
        return False

    def _by_other_clock(self, axis: Axis) -> bool:
        """Whether an axis goes by another clock than the period does: then its ends are nobody's to say."""
        return any(self._axis_clock(axis, one) != self._clock_name(one) for one in self.asked.parts)

    async def _reach(self, axis: Axis) -> tuple[date | None, date | None]:
        """The first day that any record of any part has by an axis' clock, and the day after the last."""
        firsts, lasts = [], []
        today = self.known.today
        for one in self.asked.parts:
            data = one.about
            clock = data.times[self._axis_clock(axis, one)]
            part = Part(
                data.relation, "count(*)", period=Period(clock, None, None), tenanted=_tenanted(data.relation)
            )
            first, last = await numbers.span(self.conn, self.looking.tenant, part, self.known.zone)
            firsts += [max(first, today - timedelta(days=periods.EARLIEST))] if first else []
            lasts += [min(last, today + timedelta(days=periods.LATEST))] if last else []
        if not firsts:
            return None, None
        return min(firsts), max(lasts) + timedelta(days=1)

    def _question(self, window: Window, *, cut: int = 0, alone: bool = False) -> Question:
        asked, config = self.asked, self.config
        timely = asked.x is not None and asked.x.dimension is None
        limit = None if timely else config.limit or LIMITS.get(config.chart_type, USUAL_LIMIT)
        return Question(
            [self._part(one, window, cut=cut, alone=alone) for one in asked.parts],
            self.known.zone, asked.connections, asked.display, limit,
            config.sort_order == "desc" or config.chart_type == "funnel", asked.share,
        )  # fmt: skip

    def _part(self, metric: Metric, window: Window, *, cut: int, alone: bool) -> Part:
        asked, data = self.asked, metric.about
        clock = self._clock(metric)
        axes = [] if alone else [(name, axis) for name, axis in self.days.items() if axis is not None]
        rolled = self._rolls(metric, [axis for _, axis in axes]) and not cut
        needed = {metric.needs, *(_needs(axis) for _, axis in axes), *map(_needed, asked.chosen)}
        keys = [self._key(name, axis, metric, rolled=rolled) for name, axis in axes]
        conditions = [self._condition(one, data, rolled=rolled) for one in asked.chosen]
        if rolled:
            assert data.rolled is not None and metric.rolled is not None
            return Part(
                data.rolled.relation, metric.rolled,
                wheres=[metric.rolled_where] if metric.rolled_where else [], conditions=conditions, keys=keys,
                period=Period("r.day", window.since, window.until, ticks=False),
                weight="coalesce(sum(r.records), 0)::bigint",
            )  # fmt: skip
        period = None
        if clock is not None and (window.since is not None or window.until is not None):
            period = Period(clock, window.since, window.until, cut_seconds=cut)
        wanted = asked.money or any(
            one.amount is not None and one.amount.unit == "money" for one in asked.chosen
        )
        money = Money(*data.money, clock) if wanted and data.money else None
        return Part(
            data.relation, metric.formula,
            joins=[join for name, join in data.joins.items() if name in needed],
            wheres=[metric.where] if metric.where else [], conditions=conditions, keys=keys, period=period,
            money=money, by_currency=asked.money, tenanted=_tenanted(data.relation), measured=asked.measured,
        )  # fmt: skip

    def _rolls(self, metric: Metric, axes: Sequence[Axis]) -> bool:
        """Whether days that are counted already answer this: who sees all asks, of what they tell apart."""
        data = metric.about
        if data.rolled is None or metric.rolled is None or self.looking.own is not None:
            return False
        if self._clock_name(metric) != data.time or self.missing:
            return False
        for axis in axes:
            if axis.part is not None:
                return False
            if axis.dimension is not None and axis.dimension.rolled is None:
                return False
            if axis.dimension is None and self._axis_clock(axis, metric) != data.time:
                return False
        return all(
            one.dimension is not None and one.dimension.rolled is not None and one.operator != "contains"
            for one in self.asked.chosen
        )

    def _clock_name(self, metric: Metric) -> str | None:
        """The clock that the period goes by: the one asked for, that of the axis, or the metric's own. A state
        as of now has none, unless one is asked for."""
        asked = self.asked
        if asked.time_field is not None:
            return asked.time_field
        if asked.x is not None and asked.x.clock is not None:
            return asked.x.clock
        if metric.time is None and asked.x is not None and asked.x.dimension is None:
            return metric.about.time
        return metric.time

    def _clock(self, metric: Metric) -> LiteralString | None:
        name = self._clock_name(metric)
        return None if name is None else metric.about.times[name]

    def _axis_clock(self, axis: Axis, metric: Metric) -> str:
        return axis.clock or self._clock_name(metric) or metric.about.time

    def _key(self, name: str, axis: Axis, metric: Metric, *, rolled: bool) -> Key:
        if axis.dimension is not None:
            dimension = axis.dimension
            column = dimension.rolled if rolled and dimension.rolled is not None else dimension.column
            apart = dimension.book is not None and dimension.book != ("connections",) and len(self.links) > 1
            return Key(column, apart=apart, custom=dimension.custom)
        if rolled:
            return Key("r.day", starts=self.starts[name], ticks=False)
        clock = metric.about.times[self._axis_clock(axis, metric)]
        if axis.part is not None:
            return Key(clock, local=axis.part)
        return Key(clock, starts=self.starts[name])

    def _condition(self, one: Chosen, data: Data, *, rolled: bool) -> Condition:
        if one.clock is not None:
            return Condition(data.times[one.clock], one.operator, one.values[0], "date")
        if one.amount is not None:
            return Condition(one.amount.column, one.operator, one.values[0], "numeric", custom=one.own)
        assert one.dimension is not None
        dimension = one.dimension
        column = dimension.rolled if rolled and dimension.rolled is not None else dimension.column
        if one.operator == "null":
            return Condition(column, "null", one.values[0], custom=dimension.custom)
        if one.ids is not None and dimension.book == ("connections",):
            return Condition(column, one.operator, [int(id) for _, id in one.ids], "bigint")
        if one.ids is not None:
            operator = "in" if one.operator == "contains" else one.operator
            if len(self.known.connections) > 1 or dimension.custom is not None:
                return Condition(column, operator, ids=one.ids, custom=dimension.custom)
            return Condition(column, operator, [id for _, id in one.ids])
        if dimension.values and dimension.custom is None:
            return Condition(
                f"coalesce(({column})::text, '')",
                one.operator, list(one.values),
            )  # fmt: skip
        value: Any = one.values[0] if one.operator == "contains" else list(one.values)
        return Condition(column, one.operator, value, custom=dimension.custom)

    # And back

    async def _figures(self, counted: Counted) -> list[Figure]:
        wanted = CELL if self.asked.g is not None else ROW
        if self.asked.x is None:
            return []
        rows = [row for row in counted.groups if row["level"] == wanted]
        labels = {
            name: await self._labels(axis, {(row[f"{name}_connection"], row[name]) for row in rows})
            for name, axis in self.days.items()
            if axis is not None
        }
        found = []
        for row in rows:
            x, label, sort = self._named("x", row, labels)
            g, group, _ = self._named("g", row, labels)
            found.append(
                Figure(
                    x, label, g, group, _exact(row["value"], self.asked.metric.unit), row["currency"],
                    row["records"], sort, row["x_connection"],
                )
            )  # fmt: skip
        return self._ordered(found, counted)

    def _ordered(self, found: list[Figure], counted: Counted) -> list[Figure]:
        """Time goes forward, stages in their order, everything else by its value."""
        axis = self.asked.x
        assert axis is not None
        if axis.dimension is None:
            return sorted(found, key=lambda one: (one.x is None, one.sort, one.group or ""))
        if self.config.chart_type in ("funnel", "heatmap") and axis.dimension.book in STAGED:
            return sorted(found, key=lambda one: (one.sort, one.label or ""))
        places = {
            (row["x_connection"], row["x"], row["currency"]): at
            for at, row in enumerate(counted.groups)
            if row["level"] == ROW
        }
        return sorted(
            found, key=lambda one: (places.get((one.connection, one.x, one.currency), 0), one.group or "")
        )

    async def _labels(self, axis: Axis, keys: set[tuple[int | None, str | None]]) -> Mapping[Any, Any]:
        """What ids of records are called, as far as they are not known by heart."""
        if (
            axis.dimension is None
            or axis.dimension.book is None
            or axis.dimension.book[0] not in RECORD_BOOKS
        ):
            return {}
        ids = sorted({id for _, id in keys if id is not None})
        return await labelled(self.conn, self.looking.tenant, axis.dimension.book[0], ids)

    def _named(
        self, name: str, row: Mapping[str, Any], labels: Mapping[str, Mapping[Any, Any]]
    ) -> tuple[str | None, str | None, int]:
        """A key as it is told: its value, what people call it, its place."""
        axis, key, connection = self.days[name], row[name], row[f"{name}_connection"]
        if axis is None or key is None:
            if axis is not None and axis.dimension is not None and "" in axis.dimension.values:
                return None, axis.dimension.values[""].to(self.language), 0
            return None, None, 0
        if axis.dimension is None:
            return self._moment(name, axis, int(key))
        return self._worded(axis.dimension, key, connection, labels.get(name, {}))

    def _moment(self, name: str, axis: Axis, place: int) -> tuple[str, str, int]:
        if axis.part == "isodow":
            from_sunday = self.known.week_start == "sunday"
            return str(place), WEEKDAYS[str(place)].to(self.language), place % 7 if from_sunday else place
        if axis.part is not None:
            return str(place), f"{place:02d}:00", place
        starts = self.starts[name]
        if place == 0:
            return "earlier", Note("earlier", {"day": starts[0]}).to(self.language), -1
        return starts[place - 1].isoformat(), starts[place - 1].isoformat(), place

    def _worded(
        self, dimension: Dimension, key: str, connection: int | None, labels: Mapping[Any, Any]
    ) -> tuple[str, str, int]:
        if dimension.values:
            return key, dimension.values[key].to(self.language) if key in dimension.values else key, 0
        if dimension.book is None:
            return key, key, 0
        names = self.known.of(dimension.book)
        links = [connection] if connection is not None else list(self.links)
        if dimension.book == ("connections",):
            links = [int(key)]
        for link in links:
            if found := names.get((link, key)):
                label = found.label
                if connection is not None and self._doubled(dimension, label, connection):
                    label = f"{label} · {self._portal(connection)}"
                return key, label, found.sort
            if (link, key) in labels:
                return key, labels[link, key], 0
        return key, key, 0

    def _doubled(self, dimension: Dimension, label: str, connection: int) -> bool:
        """Whether another connection calls something of its own the same."""
        assert dimension.book is not None
        names = self.known.of(dimension.book).items()
        return any(name.label == label and link != connection for (link, _), name in names)

    def _portal(self, connection: int) -> str:
        name = self.known.of(("connections",)).get((connection, str(connection)))
        return name.label if name else str(connection)

    def _whole(self, counted: Counted) -> list[Figure]:
        """The figure of everything, the displayed currency first."""
        unit, display = self.asked.metric.unit, self.asked.display
        found = [
            Figure(None, None, None, None, _exact(row["value"], unit), row["currency"], row["records"])
            for row in counted.groups
            if row["level"] == WHOLE
        ]
        return sorted(found, key=lambda one: (one.currency != display, -one.records))

    def _rest(self, figures: Sequence[Figure], whole: Sequence[Figure]) -> Decimal | None:
        if (
            not figures
            or not self.asked.metric.adds_up
            or not whole
            or whole[0].value is None
            or self.asked.share
        ):
            return None
        shown = sum(
            (one.value for one in figures if one.value is not None and one.currency == whole[0].currency),
            Decimal(),
        )
        return whole[0].value - shown

    def _say(self, counted: Counted, whole: Sequence[Figure]) -> None:
        """What a reader must know to take the figures for what they are."""
        asked = self.asked
        if counted.cut:
            self.notes.append(Note("cut", {"most": f"{MOST_GROUPS:,}"}))
        if any(one.time is None for one in asked.parts) and self._clock(asked.parts[0]) is None:
            self.notes.append(Note("as_of_now"))
        if asked.money and asked.display is None and len(whole) > 1:
            self.notes.append(Note("own_currencies"))
        elif asked.money and any(one.currency != asked.display for one in whole):
            apart = ", ".join(
                one.currency or Note("no_currency").to(self.language)
                for one in whole
                if one.currency != asked.display
            )
            self.notes.append(Note("no_rate", {"display": asked.display, "currencies": apart}))
        assumed = sum(row["assumed"] for row in counted.groups if row["level"] == WHOLE)
        if assumed:
            self.notes.append(Note("assumed", {"count": f"{assumed:,}"}))


STAGED = (("stages", "deals"), ("stages", "leads"))


def _tenanted(relation: str) -> bool:
    """Whether a relation has the rows of all tenants: those made for a question name theirs inside."""
    return not relation.startswith("(")


def _needs(axis: Axis) -> str | None:
    return axis.dimension.needs if axis.dimension else None


def _needed(one: Chosen) -> str | None:
    if one.dimension is not None:
        return one.dimension.needs
    return one.amount.needs if one.amount is not None else None


def _exact(value: Any, unit: Unit) -> Decimal | None:
    """A figure with as many digits as its unit has meaning for."""
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return round(exact, DIGITS[unit]) if exact.is_finite() else None
