"""What was understood, as a question to the warehouse: which rows, by which clock, from which table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, LiteralString, NamedTuple
from uuid import UUID

from headwater.analytics import periods
from headwater.analytics.configs import ChartConfig, Grain
from headwater.analytics.countable import Data, Dimension
from headwater.analytics.filters import Chosen
from headwater.analytics.metrics import Metric
from headwater.analytics.periods import Window
from headwater.analytics.rolled import Buckets
from headwater.analytics.understood import Axis, Understood
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse import numbers
from headwater.warehouse.pool import Connection
from headwater.warehouse.question import Condition, Held, Key, Money, Part, Period, Question, Timed

LIMITS = {"pie": 8, "donut": 8, "table": 100, "funnel": 100, "heatmap": 100, "cohort": 100}
USUAL_LIMIT = 20
CONNECTIONS = ("connections",)
ALSO_CONNECTION: LiteralString = "(r.connection_id, "
"""How formulas tell records of several connections apart that have the same id; text alone is compared
several times as fast."""

Name = Literal["x", "g"]


class Cut(NamedTuple):
    """Where the groups of an axis of time begin, and the grain they are cut by."""

    starts: Sequence[date]
    grain: Grain


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes questions of one thing that was understood. `cuts` are the axes of time; `rolled` says that rows
    which are counted already may be taken, `all_dated` that no row lacks a time."""

    config: ChartConfig
    known: Vocabulary
    asked: Understood
    cuts: Mapping[Name, Cut]
    rolled: bool
    all_dated: bool

    def question(self, window: Window) -> Question:
        """The figures of a period."""
        asked, config = self.asked, self.config
        timely = asked.x is not None and asked.x.dimension is None
        limit = None if timely else config.limit or LIMITS.get(config.chart_type, USUAL_LIMIT)
        descending = config.sort_order == "desc" or config.chart_type == "funnel"
        return Question(
            [self._part(one, window) for one in asked.parts], self.known.zone, asked.connections,
            asked.display, limit, descending, asked.counted.share,
        )  # fmt: skip

    def before(self, window: Window) -> Question:
        """The figure of an earlier period, as a whole. What of today is still to come is not in it either."""
        cut = (24 * 60 - self.known.minutes) * 60 if self.asked.window.lasts(self.known.today) else 0
        parts = [self._part(one, window, cut=cut, alone=True) for one in self.asked.parts]
        return Question(parts, self.known.zone, self.asked.connections, self.asked.display)

    def _part(self, metric: Metric, window: Window, *, cut: int = 0, alone: bool = False) -> Part:
        asked, data = self.asked, metric.about
        axes = {} if alone else axes_of(asked)
        buckets = None if cut else self._buckets(metric, window, axes)
        keys = [self._key(name, axis, metric, buckets) for name, axis in axes.items()]
        conditions = [self._condition(one, data, rolled=buckets is not None) for one in asked.chosen]
        if buckets is not None and metric.rolled is not None:
            return Part(
                buckets.relation, metric.rolled.formula,
                wheres=[metric.rolled.where] if metric.rolled.where else [], conditions=conditions, keys=keys,
                period=Period(buckets.clock, window.since, window.until, ticks=buckets.ticks),
                spanned=buckets.spanned, weight=metric.rolled.weight,
                money=Money("r.amount", "r.currency", buckets.clock) if asked.money else None,
                by_currency=asked.money,
            )  # fmt: skip
        clock = clock_of(asked, metric)
        column = None if clock is None else data.times[clock]
        needed = {metric.needs, *map(_needs, axes.values()), *map(_needed, asked.chosen)}
        return Part(
            data.whole if data.whole is not None and "whole" in needed else data.relation,
            metric.formula if self._several else metric.formula.replace(ALSO_CONNECTION, "("),
            joins=[join for name, join in data.joins.items() if name in needed],
            wheres=[metric.where] if metric.where else [], conditions=conditions, keys=keys,
            period=None if column is None else Period(column, window.since, window.until, cut_seconds=cut),
            money=self._money(metric), by_currency=asked.money,
            tenanted=data.tenanted, measured=asked.counted.custom,
        )  # fmt: skip

    @property
    def _several(self) -> bool:
        """Whether ids of several connections come together: each has its own."""
        asked = self.asked.connections
        return len(self.known.connections if asked is None else asked) > 1

    def _money(self, metric: Metric) -> Money | None:
        """Amounts of rows, where they are counted or compared: worth what they were worth by the metric's own
        clock, whatever they are grouped by; what is a state as of now, what it is worth now."""
        data = metric.about
        compared = any(one.amount is not None and one.amount.unit == "money" for one in self.asked.chosen)
        if data.money is None or not (self.asked.money or compared):
            return None
        return Money(*data.money, data.times[metric.time] if metric.time else None)

    def _buckets(self, metric: Metric, window: Window, axes: Mapping[Name, Axis]) -> Buckets | None:
        """The rows counted already that answer this; None: they do not tell enough apart."""
        clock, data = clock_of(self.asked, metric), metric.about
        rolled = next((one for one in data.rolled if one.clock == clock == metric.time), None)
        if not self.rolled or metric.rolled is None or rolled is None:
            return None
        if rolled.only_dated and not self.all_dated:
            return None
        timely = [axis for axis in axes.values() if axis.dimension is None]
        if any(axis.part or axis_clock(self.asked, axis, metric) != clock for axis in timely):
            return None
        if any(one.dimension is None or one.operator == "contains" for one in self.asked.chosen):
            return None
        named = [one.dimension for one in axes.values()] + [one.dimension for one in self.asked.chosen]
        told = {one.name for one in named if one is not None}
        begins = [start for name in axes if name in self.cuts for start in self.cuts[name].starts]
        return rolled.buckets(told, window, begins)

    def _key(self, name: Name, axis: Axis, metric: Metric, buckets: Buckets | None) -> Key:
        if axis.dimension is not None:
            dimension = _in(metric.about, axis.dimension)
            apart = dimension.book not in (None, CONNECTIONS) and self._several
            column = _column(dimension, rolled=buckets is not None)
            return Key(column, apart=apart, custom=dimension.custom)
        if buckets is not None:
            return Key(buckets.clock, starts=self.cuts[name].starts, ticks=buckets.ticks)
        clock = metric.about.times[axis_clock(self.asked, axis, metric)]
        if axis.part is not None:
            return Key(clock, local=axis.part)
        return Key(clock, starts=self.cuts[name].starts)

    def _condition(self, one: Chosen, data: Data, *, rolled: bool) -> Condition:
        operator, first = one.operator, one.values[0] if one.values else None
        if one.clock is not None:
            return Condition(data.times[one.clock], operator, first, "date")
        if one.amount is not None:
            return Condition(one.amount.column, operator, first, "numeric", custom=one.amount.custom)
        if one.dimension is None:
            raise ValueError(f"a filter of nothing: {one}")
        dimension = _in(data, one.dimension)
        column, custom = _column(dimension, rolled=rolled), dimension.custom
        if operator in ("null", "contains"):
            return Condition(column, operator, first, custom=custom)
        if one.ids is not None:
            return self._of_ids(column, one, dimension)
        if dimension.values and custom is None:
            column = f"coalesce(({column})::text, '')"
        return Condition(column, operator, list(one.values), custom=custom)

    def _of_ids(self, column: LiteralString, one: Chosen, dimension: Dimension) -> Condition:
        ids = one.ids or []
        if dimension.book == CONNECTIONS:
            return Condition(column, one.operator, [int(id) for _, id in ids], "bigint")
        if len(self.known.connections) > 1:
            return Condition(column, one.operator, ids=ids, custom=dimension.custom)
        return Condition(column, one.operator, [id for _, id in ids], custom=dimension.custom)


async def cuts(conn: Connection, tenant: UUID, asked: Understood, known: Vocabulary) -> Mapping[Name, Cut]:
    """Where the groups of axes of time begin. One without ends reaches as far as there are records."""
    found: dict[Name, Cut] = {}
    for name, axis in axes_of(asked).items():
        if axis.dimension is not None or axis.part is not None:
            continue
        since, until = asked.window.since, asked.window.until
        elsewhere = any(axis_clock(asked, axis, one) != clock_of(asked, one) for one in asked.parts)
        if since is None or until is None or elsewhere:
            first, last = await _reach(conn, tenant, asked, known, axis)
            since, until = (first, last) if elsewhere else (since or first, until or last)
        if since is None or until is None or since >= until:
            since, until = known.today, known.today + timedelta(days=1)
        grain = periods.fitting(since, until, axis.grain or periods.grain_of((until - since).days))
        found[name] = Cut(periods.starts(since, until, grain, known.week_start), grain)
    return found


async def _reach(
    conn: Connection, tenant: UUID, asked: Understood, known: Vocabulary, axis: Axis
) -> tuple[date | None, date | None]:
    """The first day that any record has by an axis' clock, and the day after the last; as far as they are no
    mistakes."""
    firsts, lasts = [], []
    for one in asked.parts:
        clock = one.about.times[axis_clock(asked, axis, one)]
        first, last = await numbers.span(conn, tenant, _all(one.about, clock), known.zone)
        if first is not None and last is not None:
            firsts.append(max(first, known.today - timedelta(days=periods.EARLIEST)))
            lasts.append(min(last, known.today + timedelta(days=periods.LATEST)))
    return (min(firsts), max(lasts) + timedelta(days=1)) if firsts else (None, None)


async def all_dated(conn: Connection, tenant: UUID, asked: Understood) -> bool:
    """Whether rows that are counted already stand for all records that are asked for, also where only those
    with a time are: all time has the others, too."""
    if asked.window.since is not None or asked.window.until is not None:
        return True
    for data in {one.data: one.about for one in asked.parts}.values():
        for rolled in data.rolled:
            if rolled.only_dated and await numbers.undated(
                conn, tenant, _all(data, data.times[rolled.clock])
            ):
                return False
    return True


def axes_of(asked: Understood) -> dict[Name, Axis]:
    """The axes there are, by name."""
    named: dict[Name, Axis | None] = {"x": asked.x, "g": asked.g}
    return {name: axis for name, axis in named.items() if axis is not None}


def clock_of(asked: Understood, metric: Metric) -> str | None:
    """The clock that the period goes by: the one asked for, that of the axis, or the metric's own. A state as
    of now has none, unless one is asked for."""
    if asked.time_field is not None:
        return asked.time_field
    timely = asked.x is not None and asked.x.dimension is None
    if asked.x is not None and asked.x.clock is not None:
        return asked.x.clock
    return metric.time or (metric.about.time if timely else None)


def axis_clock(asked: Understood, axis: Axis, metric: Metric) -> str:
    """The clock that an axis of time goes by."""
    return axis.clock or clock_of(asked, metric) or metric.about.time


def place_of(data: Data, dimension: Dimension) -> Held:
    """Where this data has the values of a dimension."""
    one = _in(data, dimension)
    joins = [join for name, join in data.joins.items() if name == one.needs]
    return Held(data.relation, one.column, joins, data.tenanted, one.custom)


def _all(data: Data, clock: LiteralString) -> Timed:
    return Timed(data.relation, clock, data.tenanted)


def _in(data: Data, dimension: Dimension) -> Dimension:
    """A dimension as this data has it."""
    return data.dimensions.get(dimension.name, dimension)


def _column(dimension: Dimension, *, rolled: bool) -> LiteralString:
    return dimension.rolled if rolled and dimension.rolled is not None else dimension.column


def _needs(axis: Axis) -> str | None:
    return axis.dimension.needs if axis.dimension else None


def _needed(one: Chosen) -> str | None:
    if one.dimension is not None:
        return one.dimension.needs
    return one.amount.needs if one.amount is not None else None
