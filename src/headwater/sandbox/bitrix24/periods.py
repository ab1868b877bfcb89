"""Dates of files that have none: lines walked through a calendar, numbers spread over a period."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from pydantic import BaseModel, ConfigDict, Field

from headwater.core.errors import NeedsPerson

Wrong = Callable[[int, str], NeedsPerson]
"""Makes the error of a line."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Period(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    first: date = Field(alias="from")
    until: date


class WalkOf(_Period):
    """The file names month and `weekday` only, and its lines are in order of time: each is of the first such
    day that is not before the line above. The lines of one day are spread over `hours`."""

    weekday: str
    hours: tuple[time, time] = (time(9), time(18))


class SpreadOf(_Period):
    """The file has no dates but a number that rises with time: the lowest is of `from`, the highest of
    `until`, the others in between."""


def walked(
    plan: WalkOf, months: Sequence[str], weekdays: Sequence[str], zone: tzinfo, wrong: Wrong
) -> list[datetime | None]:
    """The moment of every line; none where the month is empty."""
    days: list[date | None] = []
    today = plan.first
    for at, (month, weekday) in enumerate(zip(months, weekdays, strict=True)):
        if not month:
            days.append(None)
            continue
        wanted = _number(_MONTHS, month) + 1, _number(_WEEKDAYS, weekday)
        if wanted[0] == 0 or wanted[1] < 0:
            raise wrong(at, f"{month!r} and {weekday!r} are no month and weekday such as 'may' and 'mon'")
        while today <= plan.until and (today.month, today.weekday()) != wanted:
            today += timedelta(days=1)
        if today > plan.until:
            raise wrong(
                at,
                f"no {weekday} in {month} is left until {plan.until}; are the lines in order of time? Else"
                " mend `until`",
            )
        days.append(today)
    return _spread_hours(days, plan.hours, zone)


def _number(names: Sequence[str], text: str) -> int:
    """Which of the names a text is, by its first three letters or its number from 1; -1 for none."""
    short = text[:3].lower()
    if text.isdecimal() and len(text) < 3:
        return int(text) - 1 if 0 < int(text) <= len(names) else -1
    return names.index(short) if short in names else -1


def _spread_hours(
    days: Sequence[date | None], hours: tuple[time, time], zone: tzinfo
) -> list[datetime | None]:
    many: dict[date | None, int] = {}
    for day in days:
        many[day] = many.get(day, 0) + 1
    seen: dict[date, int] = {}
    moments: list[datetime | None] = []
    for day in days:
        if day is None:
            moments.append(None)
            continue
        opens, closes = (datetime.combine(day, hour, zone) for hour in hours)
        moments.append(opens + (closes - opens) * seen.get(day, 0) / many[day])
        seen[day] = seen.get(day, 0) + 1
    return moments


def spread(plan: SpreadOf, texts: Sequence[str], zone: tzinfo, wrong: Wrong) -> list[datetime | None]:
    """The moment of every line; none where the number is empty."""
    numbers = [_amount(text, at, wrong) if text else None for at, text in enumerate(texts)]
    known = [number for number in numbers if number is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    begin, end = (datetime.combine(day, time(), zone) for day in (plan.first, plan.until))
    width = (high - low) or 1.0
    return [
        None if number is None else begin + (end - begin) * ((number - low) / width) for number in numbers
    ]


def _amount(text: str, at: int, wrong: Wrong) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:
        raise wrong(at, f"{text!r} is no number that could say when")
    return number
