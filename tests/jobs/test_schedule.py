from datetime import UTC, datetime, timedelta

import pytest

from headwater.core.errors import NeedsPerson, RetryLater, StopSync
from headwater.jobs import schedule
from headwater.jobs.schedule import Entity

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AGO, AHEAD = NOW - MINUTE, NOW + MINUTE


@pytest.mark.parametrize(
    ("exc", "tries", "seconds"),
    [
        (RetryLater("busy"), 1, 5),
        (RetryLater("busy"), 2, 10),
        (RetryLater("busy"), 3, 20),
        (RetryLater("busy"), 6, 160),
        (RetryLater("busy"), 7, 300),
        (RetryLater("busy"), 100_000, 300),
        (RetryLater("busy", wait=60), 1, 60),
        (RetryLater("busy", wait=3), 2, 10),
        (RetryLater("busy", wait=86_400), 1, 300),
        (NeedsPerson("rights"), 1, 3_600),
        (NeedsPerson("rights"), 9, 3_600),
        (StopSync("taken over"), 1, 300),
        (ZeroDivisionError(), 1, 300),
        (ExceptionGroup("several", [ValueError()]), 4, 300),
    ],
)
def test_what_failed_is_tried_again_when_that_may_help(exc, tries, seconds):
    assert schedule.wait(exc, tries) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("failures", "broken"), [(0, False), (4, False), (5, True), (900, True)])
def test_five_failures_in_a_row_open_the_breaker(failures, broken):
    assert schedule.broken(failures) is broken


@pytest.mark.parametrize(
    ("entities", "asked"),
    [
        ([], None),
        ([Entity("leads", 15, None), Entity("deals", 15, None)], None),
        ([Entity("leads", 1, AGO), Entity("deals", 15, AHEAD)], ["leads"]),
        ([Entity("leads", 1, NOW), Entity("deals", 15, AHEAD)], ["leads"]),
        ([Entity("leads", 1, AHEAD), Entity("deals", 15, AGO)], None),
        ([Entity("leads", 1, None), Entity("deals", 15, AHEAD)], ["leads"]),
        ([Entity("leads", 15, AHEAD), Entity("deals", 15, AHEAD)], []),
    ],
)
def test_with_what_is_read_seldom_everything_is_read(entities, asked):
    assert schedule.due(entities, NOW) == asked


def test_the_next_turn_is_when_the_first_entity_is_due():
    assert schedule.earliest([Entity("a", 5, AHEAD), Entity("b", 5, AGO)], NOW) == AGO
    assert schedule.earliest([Entity("a", 5, AHEAD), Entity("b", 5, None)], NOW) == NOW
    assert schedule.earliest([], NOW) is None


@pytest.mark.parametrize("region", [None, "RU", "UZ", "??"])
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_quiet_hour_is_the_next_one_at_night_and_never_more_than_a_day_ahead(region, hour):
    east = timedelta(hours=schedule.EAST.get(region, 0))
    for connection in range(1, 200):
        now = NOW.replace(hour=hour)
        at = schedule.quiet(connection, now, region)
        assert now < at <= now + timedelta(days=1)
        assert 2 <= (at + east).hour < 5
        assert schedule.quiet(connection, at, region) == at + timedelta(days=1)


def test_connections_are_spread_over_the_night():
    assert len({schedule.quiet(connection, NOW) for connection in range(180)}) == 180


def test_a_day_off_is_caught_up_with_once():
    last = schedule.daily(schedule.BACKUP, NOW)
    back = last + timedelta(days=4, hours=3)

    assert back < schedule.daily(schedule.BACKUP, back) <= back + timedelta(days=1)


@pytest.mark.parametrize(
    ("passed", "now", "jump"),
    [
        (60, NOW + MINUTE, None),
        (60, NOW + 2 * MINUTE, 60),
        (1, NOW + timedelta(hours=1, seconds=1), 3_600),
        (1, NOW - timedelta(hours=1) + timedelta(seconds=1), -3_600),
        (1, NOW + timedelta(seconds=20), None),
    ],
)
def test_a_clock_that_was_set_is_noticed(passed, now, jump):
    found = schedule.jumped(NOW, now, timedelta(seconds=passed))
    assert found == (None if jump is None else timedelta(seconds=jump))


@pytest.mark.parametrize(
    ("months", "first"), [(1, "2026-10-01"), (10, "2026-01-01"), (11, "2025-12-01"), (24, "2024-11-01")]
)
def test_months_are_counted_back_whole(months, first):
    assert f"{schedule.months_ago(NOW, months):%Y-%m-%d}" == first
