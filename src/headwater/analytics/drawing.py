"""What a chart is drawn from: an answer's groups as rows and series, with everything worded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from headwater.analytics import periods
from headwater.analytics.configs import ChartConfig, Grain
from headwater.analytics.countable import Unit
from headwater.analytics.periods import WeekStart
from headwater.analytics.query import EARLIER, Answer, Figure
from headwater.analytics.spoken import LENGTHS, NOTHING, Spoken
from headwater.analytics.understood import Axis
from headwater.core.said import Said

CURRENCY = Said("Currency", "Валюта", "Valyuta")
RECORDS = Said("Records", "Записей", "Yozuvlar")
LONG_SECONDS = 2
"""So many of a unit of time make it the one that an axis is counted in."""


class Row(NamedTuple):
    """A place on the axis of groups: its key, and what it is called."""

    key: tuple[int | None, str | None]
    label: str


class Line(NamedTuple):
    """One series: a group within groups, in one currency."""

    group: str | None
    currency: str | None
    label: str


class Scale(NamedTuple):
    """How values stand on an axis: divided by `by`, in the unit of that name."""

    by: Decimal
    unit: str


@dataclass(frozen=True)
class Drawing:
    """An answer, laid out. `week_start` is where weeks begin."""

    config: ChartConfig
    answer: Answer
    spoken: Spoken
    week_start: WeekStart

    @property
    def unit(self) -> Unit:
        return self.answer.asked.unit

    @property
    def title(self) -> str:
        """The chart's own title, or what it shows by what."""
        if self.config.title:
            return self.config.title
        asked, say = self.answer.asked, self.spoken.of
        axes = [say(axis.title) for axis in (asked.x, asked.g) if axis is not None]
        return (
            ": ".join([say(asked.metric.title), ", ".join(axes).lower()]) if axes else say(asked.metric.title)
        )

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The places of the axis in their order; of time, hours and days of the week also those where nothing
        was."""
        axis = self.answer.asked.x
        found = {(one.connection, one.x): self.word(one.x, one.label, axis) for one in self.answer.figures}
        if _is_time(axis):
            return self._through_time(found)
        if axis is not None and axis.part is not None:
            unknown = [Row(key, label) for key, label in found.items() if key[1] is None]
            turn = [Row((None, key), self.spoken.part(key, axis.part)) for key in self._turn(axis)]
            return turn + unknown
        return [Row(key, label) for key, label in found.items()]

    @cached_property
    def lines(self) -> Sequence[Line]:
        """The series, the largest first, those of time in their order; one without a name where nothing is
        grouped further."""
        sums: dict[Line, Decimal] = {}
        for one in self.answer.figures:
            line = self._line(one)
            sums[line] = sums.get(line, Decimal()) + (one.value or Decimal())
        axis = self.answer.asked.g
        if axis is not None and axis.part is not None and len(self.answer.whole) <= 1:
            unknown = [line for line in sums if line.group is None]
            turn = [Line(key, None, self.spoken.part(key, axis.part)) for key in self._turn(axis)]
            return turn + unknown
        if _is_time(axis):
            return sorted(sums, key=lambda line: (line.group is None, line.group or ""))
        return sorted(sums, key=lambda line: -sums[line])

    @cached_property
    def cells(self) -> Mapping[tuple[Any, Line], Figure]:
        return {((one.connection, one.x), self._line(one)): one for one in self.answer.figures}

    @cached_property
    def scale(self) -> Scale:
        """Shares are drawn as per cent, seconds in a unit that suits the largest of them."""
        say = self.spoken.of
        if self.unit == "share":
            return Scale(Decimal("0.01"), "%")
        if self.unit == "seconds":
            largest = max((abs(one.value) for one in self.answer.figures if one.value is not None), default=0)
            each, said = next((pair for pair in LENGTHS if largest >= LONG_SECONDS * pair[0]), LENGTHS[-1])
            return Scale(Decimal(each), say(said))
        if self.unit == "days":
            return Scale(Decimal(1), say(LENGTHS[0][1]))
        currencies = {one.currency for one in self.answer.figures if one.currency}
        return Scale(Decimal(1), currencies.pop() if len(currencies) == 1 else "")

    def drawn(self, figure: Figure | None) -> float | None:
        """A value as it stands on the axis; where nothing was, nothing of what adds up was nought."""
        if figure is None:
            return 0.0 if self.answer.asked.metric.adds_up else None
        return None if figure.value is None else round(float(figure.value / self.scale.by), 4)

    def said(self, figure: Figure | None, line: Line) -> str:
        """A value of a series as it is read."""
        value = (
            figure.value if figure is not None else Decimal() if self.answer.asked.metric.adds_up else None
        )
        currency = figure.currency if figure is not None else line.currency or self.answer.asked.display
        return self.spoken.figure(value, self.unit, currency)

    def axis_title(self, axis: Axis | None) -> str:
        return self.spoken.of(axis.title) if axis is not None else ""

    def day(self, key: str, axis: Axis) -> str:
        """What a key of an axis of time is called."""
        grain = axis.grain if axis is self.answer.asked.g and axis.grain else self.answer.grain
        return self.spoken.begin(date.fromisoformat(key), grain or "day", with_year=self._over_years)  # type: ignore[arg-type]  # the words of grains

    def _turn(self, axis: Axis) -> Sequence[str]:
        """The hours of a day, or the days of a week from its first."""
        if axis.part == "hour":
            return [str(hour) for hour in range(24)]
        days = [str(day) for day in range(1, 8)]
        return days if self.week_start == "monday" else [days[-1], *days[:-1]]

    @cached_property
    def _over_years(self) -> bool:
        years = {one.x[:4] for one in self.answer.figures if one.x and one.x != EARLIER}
        return len(years) > 1

    def word(self, key: str | None, label: str | None, axis: Axis | None) -> str:
        if key is not None and key != EARLIER and axis is not None and _is_time(axis):
            return self.day(key, axis)
        return label if label is not None else self.spoken.of(NOTHING)

    def _line(self, one: Figure) -> Line:
        """The series of a figure. Amounts that were not converted have one for each currency."""
        group = self.word(one.g, one.group, self.answer.asked.g) if self.answer.asked.g else ""
        apart = len(self.answer.whole) > 1
        parts = [group, (one.currency or self.spoken.of(NOTHING)) if apart else ""]
        return Line(one.g, one.currency if apart else None, " · ".join(filter(None, parts)))

    def _through_time(self, found: Mapping[tuple[int | None, str | None], str]) -> list[Row]:
        keys = sorted(key for _, key in found if key is not None and key != EARLIER)
        rows = [Row(key, label) for key, label in found.items() if key[1] == EARLIER]
        if keys:
            first, last = date.fromisoformat(keys[0]), date.fromisoformat(keys[-1])
            window, grain = self.answer.asked.window, self.answer.grain or "day"
            since = first if window.since is None else min(first, window.since)
            until = (
                last + timedelta(days=1)
                if window.until is None
                else max(window.until, last + timedelta(days=1))
            )
            rows += self._starts(since, until, grain)  # type: ignore[arg-type]  # the words of grains
        return rows + [Row(key, label) for key, label in found.items() if key[1] is None]

    def _starts(self, since: date, until: date, grain: Grain) -> list[Row]:
        axis = self.answer.asked.x
        if axis is None or not _is_time(axis):
            return []
        return [
            Row((None, day.isoformat()), self.day(day.isoformat(), axis))
            for day in periods.starts(since, until, grain, self.week_start)
        ]


def _is_time(axis: Axis | None) -> bool:
    """Whether an axis is time that goes on, not days of the week."""
    return axis is not None and axis.dimension is None and axis.part is None
