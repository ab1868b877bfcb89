"""Days in periods: which ones a question means, where weeks and months begin, what came before.

Days are the tenant's own; where they begin on the clock is the database's to say: it knows when clocks
change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from headwater.analytics.configs import Grain

WeekStart = Literal["monday", "sunday"]
MOST_STARTS = 1_100
"""So many groups an axis of time may have: three years of days."""

GRAINS: Sequence[Grain] = ("day", "week", "month", "quarter", "year")
EARLIEST, LATEST = 365 * 30, 365 * 5
"""Days before and after today beyond which times are mistakes: shown together at the ends of an axis."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a day to another, which is not in it; None: without end."""

    since: date | None
    until: date | None

    @property
    def days(self) -> int | None:
        """How many days it has; None: nobody knows."""
        return (self.until - self.since).days if self.since and self.until else None

    def lasts(self, today: date) -> bool:
        """Whether it has begun and something of it is still to come."""
        tomorrow = today + timedelta(days=1)
        return (self.since is None or self.since < tomorrow) and (
            self.until is None or self.until >= tomorrow
        )

    def earlier(self, days: int, today: date) -> "Window | None":
        """What of it has come by the end of today, so many days before; None: there is no such period."""
        until = today + timedelta(days=1) if self.lasts(today) else self.until
        if self.since is None or until is None:
            return None
        return Window(_later(self.since, -days), _later(until, -days))


def window(today: date, *, days: int | None, since: date | None, until: date | None) -> Window:
    """What a question means: from one day to another with it, or so many days with today as the last."""
    if since is not None or until is not None:
        return Window(since, until + timedelta(days=1) if until and until < date.max else None)
    if days is None:
        return Window(None, None)
    tomorrow = today + timedelta(days=1)
    reach = min(days, (tomorrow - date.min).days)
    return Window(tomorrow - timedelta(days=reach), tomorrow)


def grain_of(days: int) -> Grain:
    """The grain that shows so many days best: some ten to sixty groups."""
    for most, grain in ((62, "day"), (366, "week"), (366 * 4, "month"), (366 * 10, "quarter")):
        if days <= most:
            return grain  # type: ignore[return-value]  # the words of a tuple are words to mypy
    return "year"


def begin(day: date, grain: Grain, week_start: WeekStart) -> date:
    """The first day of the week, month, … that a day lies in."""
    match grain:
        case "day":
            return day
        case "week":
            ahead = day.weekday() if week_start == "monday" else (day.weekday() + 1) % 7
            return day - timedelta(days=ahead) if day - date.min >= timedelta(days=ahead) else date.min
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return day.replace(month=1, day=1)


def following(day: date, grain: Grain) -> date:
    """The first day of the next week, month, …, after one that begins on this day."""
    months = {"month": 1, "quarter": 3, "year": 12}.get(grain)
    if months is None:
        return _later(day, 7 if grain == "week" else 1)
    month = day.month - 1 + months
    year = day.year + month // 12
    return date(year, month % 12 + 1, 1) if year <= date.max.year else date.max


def _later(day: date, days: int) -> date:
    """So many days later, as far as there are days."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def starts(since: date, until: date, grain: Grain, week_start: WeekStart) -> list[date]:
    """Where the groups between two days begin, the first of them at or before `since`."""
    found = [begin(since, grain, week_start)]
    while (after := following(found[-1], grain)) < until:
        found.append(after)
    return found


def fitting(since: date, until: date, grain: Grain) -> Grain:
    """The grain, or the next one that makes no more groups than an axis may have."""
    for one in GRAINS[GRAINS.index(grain) :]:
        each = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}[one]
        if (until - since).days / each <= MOST_STARTS:
            return one
    return "year"
