"""When work is due next. Pure: the time is an argument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from headwater.core.errors import NeedsPerson, RetryLater

SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=5)
"""What may work by itself soon is tried again after these, doubling from the one to the other."""
A_PERSON = timedelta(hours=1)  # what a person must change is looked at so often
IN_A_ROW = 5  # so many failures of a connection open its breaker
BREAK = timedelta(minutes=5)  # then one try gets through so often

A_DAY_AHEAD = timedelta(hours=26)  # nothing is due later: nights are 25 hours apart when clocks change
LONGEST_HOLD = A_PERSON + timedelta(minutes=5)
A_JUMP = timedelta(seconds=30)  # a clock that goes so far apart from what passed was set

QUIET_FROM, QUIET_MINUTES = time(2, 0), 180
"""When a portal's people sleep: comparing everything takes requests that they might miss."""
LOOKS = timedelta(minutes=1)
HOUSEKEEPING, BACKUP = time(1, 30), time(3, 30)  # UTC
EAST: Mapping[str, int] = {"RU": 3, "BY": 3, "UA": 2, "KZ": 5, "UZ": 5, "KG": 6}
"""Hours that most people of a region are ahead of UTC; of others nobody says where they sleep."""


@dataclass(frozen=True, slots=True)
class Entity:
    """The schedule of one entity; `due_at` None: it never ran."""

    name: str
    minutes: int
    due_at: datetime | None


def wait(exc: BaseException, tries: int) -> timedelta:
    """How long work rests that failed for the `tries`-th time in a row."""
    if isinstance(exc, NeedsPerson):
        return A_PERSON
    if isinstance(exc, RetryLater):
        doubled = SOONEST * (1 << min(tries - 1, 16))
        return min(max(doubled, timedelta(seconds=exc.wait or 0)), LATEST)
    return LATEST


def broken(failures: int) -> bool:
    """Whether so many failures in a row open the breaker of a connection."""
    return failures >= IN_A_ROW


def due(entities: Sequence[Entity], now: datetime) -> Sequence[str] | None:
    """Which entities are to be read now; None: everything there is.

    When those that are read seldom are due, everything is read with them: so is what only a whole round
    finds (new entities, the account's queue of changes). What never ran is such a round, too.
    """
    asked = [one for one in entities if one.due_at is None or one.due_at <= now]
    slowest = max((one.minutes for one in entities), default=0)
    if not entities or any(one.minutes == slowest for one in asked):
        return None
    return [one.name for one in asked]


def earliest(entities: Sequence[Entity], now: datetime) -> datetime | None:
    """When the next of them is due; None: nothing is switched on."""
    return min((one.due_at or now for one in entities), default=None)


def quiet(connection: int, now: datetime, region: str | None = None) -> datetime:
    """The next quiet hour of a connection, always the same in its night; connections are spread over it."""
    minutes = connection * 37 % QUIET_MINUTES
    begins = datetime.combine(now.date(), QUIET_FROM, UTC) - timedelta(hours=EAST.get(region or "", 0))
    return _next(begins + timedelta(minutes=minutes), now)


def daily(at: time, now: datetime) -> datetime:
    """The next time of that hour in UTC."""
    return _next(datetime.combine(now.date(), at, UTC), now)


def months_ago(now: datetime, months: int) -> datetime:
    """The beginning of the month so many months before this one."""
    count = now.year * 12 + now.month - 1 - months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def jumped(before: datetime, now: datetime, passed: timedelta) -> timedelta | None:
    """By how much a clock was set since `before`, when so much time really passed; None: it was not."""
    jump = now - before - passed
    return jump if abs(jump) > A_JUMP else None


def _next(at: datetime, now: datetime) -> datetime:
    while at <= now:
        at += timedelta(days=1)
    return at if at - now <= timedelta(days=1) else at - timedelta(days=1)
