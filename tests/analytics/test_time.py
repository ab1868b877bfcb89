"""Days, weeks and months are the tenant's own, also when clocks change; periods are compared fairly."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.analytics import company
from tests.analytics.company import Company
from tests.analytics.conftest import Figures, figures_of

from headwater.analytics import periods
from headwater.analytics.configs import Grain
from headwater.analytics.periods import Window, window
from headwater.warehouse.pool import Warehouse

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def leads(module_database: Any) -> Any:
    """Makes a tenant whose leads were created at these times, and that lives in a zone."""
    with module_database.as_admin() as admin:
        made: dict[tuple[Any, ...], Company] = {}

        def with_leads(zone: str, *times: datetime | None, week: str = "monday") -> Company:
            if (zone, times, week) not in made:
                one = company.empty(admin, f"t{len(made)}")
                link = one.connect(f"c{len(made)}", "Portal")
                one.put(
                    "leads",
                    link,
                    ({"external_id": str(at), "created_at": time} for at, time in enumerate(times)),
                )
                one.counts(zone=zone, week=week)
                made[zone, times, week] = one
            return made[zone, times, week]

        yield with_leads


Leads = Callable[..., Company]


@pytest.fixture
def asked(opened: Warehouse, leads: Leads) -> Any:
    async def asking(
        zone: str, *times: datetime | None, today: date | None = None, minutes: int = 0, week: str = "monday"
    ) -> Figures:
        found = await figures_of(opened, leads(zone, *times, week=week).tenant)
        return found.but(today=today, minutes=minutes) if today else found

    return asking


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    year, month, day, *clock = parts
    return datetime(year, month, day, *clock, tzinfo=ZoneInfo(zone), fold=fold)


async def groups(figures: Figures, grain: Grain, **config: Any) -> dict[str | None, int]:
    answer = await figures(metric="total_leads", x_field="time", grain=grain, **config)
    assert sum(one.value or 0 for one in answer.figures) == answer.value
    return {one.x: int(one.value or 0) for one in answer.figures}


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 29)), ("Europe/Berlin", date(2026, 10, 25)), ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)), ("Asia/Kolkata", date(2026, 3, 29)), ("Pacific/Apia", date(2026, 1, 1)),
        ("America/Santiago", date(2026, 9, 6)),
    ],
)  # fmt: skip
async def test_a_day_goes_from_midnight_to_midnight_there_also_when_clocks_change(
    asked, zone: str, day: date
):
    begins = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    tick = timedelta(seconds=1)
    inside = [
        begins.astimezone(UTC),
        (begins.astimezone(UTC) + (ends.astimezone(UTC) - begins.astimezone(UTC)) / 2),
        ends.astimezone(UTC) - tick,
    ]
    figures = await asked(zone, begins.astimezone(UTC) - tick, *inside, ends.astimezone(UTC))

    alone = await figures(metric="total_leads", date_from=day, date_to=day)
    by_day = await groups(figures, "day", date_from=day - timedelta(days=1), date_to=day + timedelta(days=1))

    assert alone.value == 3
    assert list(by_day.values()) == [1, 3, 1]
    assert by_day[day.isoformat()] == 3


async def test_hours_and_days_of_the_week_are_those_of_the_clock_there(asked):
    twice = [local("Europe/Berlin", 2026, 10, 25, 2, 30, fold=fold) for fold in (0, 1)]
    figures = await asked("Europe/Berlin", *twice, local("Europe/Berlin", 2026, 10, 26))

    hours = await figures(metric="total_leads", x_field="hour")
    days = await figures(metric="total_leads", x_field="weekday")

    assert {(one.label, one.value) for one in hours.figures} == {("02:00", 2), ("00:00", 1)}
    assert [(one.x, one.label, one.value) for one in days.figures] == [("1", "Monday", 1), ("7", "Sunday", 2)]


@pytest.mark.parametrize(
    ("week", "starts"),
    [("monday", {"2026-11-16": 2, "2026-11-23": 1}), ("sunday", {"2026-11-15": 1, "2026-11-22": 2})],
)
async def test_weeks_begin_when_the_tenant_says(asked, week: str, starts: dict[str, int]):
    zone = "Asia/Tashkent"
    days = [local(zone, 2026, 11, 21), local(zone, 2026, 11, 22), local(zone, 2026, 11, 23)]
    figures = await asked(zone, *days, week=week)

    assert await groups(figures, "week", date_from="2026-11-01", date_to="2026-11-30") == starts
    order = [one.x for one in (await figures(metric="total_leads", x_field="weekday")).figures]
    assert order == (["7", "1", "6"] if week == "sunday" else ["1", "6", "7"])


@pytest.mark.parametrize(
    ("grain", "starts"),
    [("month", ["2026-03-01", "2026-04-01", "2027-01-01"]), ("quarter", ["2026-01-01", "2026-04-01", "2027-01-01"]),
     ("year", ["2026-01-01", "2027-01-01"])],
)  # fmt: skip
async def test_months_quarters_and_years_turn_at_midnight_there(asked, grain: Grain, starts: list[str]):
    zone = "Europe/Berlin"
    figures = await asked(
        zone, local(zone, 2026, 3, 31, 23, 59, 59), local(zone, 2026, 4, 1), local(zone, 2027, 1, 1)
    )  # fmt: skip

    assert list(await groups(figures, grain, date_from="2026-01-01", date_to="2027-12-31")) == starts


async def test_so_many_days_end_with_today(asked):
    zone, today = "America/New_York", date(2026, 11, 26)
    figures = await asked(
        zone, local(zone, 2026, 11, 19, 23, 59), local(zone, 2026, 11, 20), local(zone, 2026, 11, 26, 23, 59), local(zone, 2026, 11, 27),
        today=today,
    )  # fmt: skip

    assert (await figures(metric="total_leads", time_range_days=7)).value == 2
    assert (await figures(metric="total_leads", time_range_days=1)).value == 1
    assert (await figures(metric="total_leads", time_range_days=36600)).value == 3
    assert (await figures(metric="total_leads")).value == 4


async def test_both_days_of_a_range_are_in_it_and_either_may_be_left_open(asked):
    figures = await asked("UTC", *(datetime(2026, 5, day, 12, tzinfo=UTC) for day in (1, 2, 3, 4)), None)

    assert (await figures(metric="total_leads", date_from="2026-05-02", date_to="2026-05-03")).value == 2
    assert (await figures(metric="total_leads", date_from="2026-05-02")).value == 3
    assert (await figures(metric="total_leads", date_to="2026-05-02")).value == 2
    assert (await figures(metric="total_leads")).value == 5, "all time has also what has no time"
    assert await groups(figures, "day") == {
        "2026-05-01": 1,
        "2026-05-02": 1,
        "2026-05-03": 1,
        "2026-05-04": 1,
        None: 1,
    }


class TestComparing:
    NOW = date(2026, 11, 26)
    ZONE = "Europe/Berlin"

    async def of(self, asked: Any, *times: tuple[int, ...], **config: Any) -> tuple[int | None, int | None]:
        """The figure and the one before, at ten in the morning."""
        today = config.pop("today", self.NOW)
        figures = await asked(
            self.ZONE, *(local(self.ZONE, *time) for time in times), today=today, minutes=10 * 60
        )
        answer = await figures(metric="total_leads", **config)
        before = answer.before and answer.before[0].value
        return answer.value, before

    async def test_what_of_today_is_to_come_is_not_in_the_earlier_period(self, asked):
        found = await self.of(
            asked, (2026, 11, 26, 9), (2026, 11, 25, 23), (2026, 11, 19, 9, 59), (2026, 11, 19, 10, 1), (2026, 11, 13),
            time_range_days=7, comparison_period_days=7,
        )  # fmt: skip

        assert found == (2, 2), "the one of a week ago at 10:01 is later than now"

    async def test_a_month_that_lasts_is_compared_with_as_much_of_the_other(self, asked):
        found = await self.of(
            asked, (2026, 11, 1), (2026, 10, 2), (2026, 10, 27, 9), (2026, 10, 27, 11), (2026, 10, 31),
            date_from="2026-11-01", date_to="2026-11-30", comparison_period_days=30,
        )  # fmt: skip

        assert found == (1, 2)

    async def test_a_range_without_end_is_compared_with_as_much_before(self, asked):
        found = await self.of(
            asked, (2026, 11, 20), (2026, 11, 14), (2026, 11, 19, 9), date_from="2026-11-20", comparison_period_days=7,
        )  # fmt: skip

        assert found == (1, 2)

    async def test_a_period_that_is_over_is_compared_whole(self, asked):
        found = await self.of(
            asked, (2026, 11, 5), (2026, 11, 4, 23, 59), (2026, 11, 3), date_from="2026-11-05", date_to="2026-11-05",
            comparison_period_days=1,
        )  # fmt: skip

        assert found == (1, 1)

    async def test_the_same_time_of_day_is_meant_also_when_clocks_changed_between(self, asked):
        found = await self.of(
            asked, (2026, 10, 26, 9), (2026, 10, 25, 9, 59), (2026, 10, 25, 10, 1), (2026, 10, 25), today=date(2026, 10, 26),
            time_range_days=1, comparison_period_days=1,
        )  # fmt: skip

        assert found == (1, 2)

    @pytest.mark.parametrize(
        "config",
        [
            {"time_range_days": None},
            {"date_to": "2026-11-01"},
            {"date_from": "2027-01-01"},
            {"metric": "open_deals"},
        ],
    )
    async def test_where_there_is_nothing_before_that_is_said(self, asked, config: dict[str, Any]):
        figures = await asked(self.ZONE, local(self.ZONE, 2026, 11, 1), today=self.NOW)

        answer = await figures(**{"metric": "total_leads", "comparison_period_days": 7, **config})

        assert answer.before is None
        assert "not_compared" in [note.word for note in answer.notes]


class TestAbsurdDates:
    TIMES = (
        datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1899, 12, 30, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip

    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tashkent"])
    @pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
    async def test_mistakes_are_together_at_the_ends_of_an_axis(self, asked, zone: str, grain: Grain):
        figures = await asked(zone, *self.TIMES, today=date(2026, 11, 26))

        found = await groups(figures, grain)

        assert found["earlier"] == 2
        assert sum(found.values()) == 4
        assert None not in found

    @pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
    async def test_any_range_has_an_answer(self, asked, grain: Grain):
        figures = await asked("Asia/Tashkent", *self.TIMES, today=date(2026, 11, 26))

        for since, until in (
            ("0001-01-01", "9999-12-31"),
            ("0001-01-02", "9999-12-30"),
            ("9999-12-31", "9999-12-31"),
            ("0001-01-01", "0001-01-01"),
        ):
            await groups(figures, grain, date_from=since, date_to=until, comparison_period_days=36600)
            await groups(figures, grain, date_from=since, comparison_period_days=1)
            await groups(figures, grain, date_to=until)


async def test_of_nothing_there_is_nothing(asked):
    figures = await asked("UTC")

    assert (await figures(metric="total_leads")).value == 0
    assert (await figures(metric="won_revenue")).value == 0
    assert (await figures(metric="average_deal")).value is None
    assert (await figures(metric="conversion_rate")).value is None
    assert await groups(figures, "month") == {}
    assert (await figures(metric="total_leads", x_field="time", time_range_days=7)).figures == []


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("week", ["monday", "sunday"])
def test_groups_of_time_follow_each_other_and_begin_where_they_should(grain: Grain, week: periods.WeekStart):
    since, until = date(2023, 12, 28), date(2028, 3, 1)

    starts = periods.starts(since, until, grain, week)

    assert starts[0] <= since < starts[1]
    assert starts[-1] < until <= periods.following(starts[-1], grain)
    assert all(periods.begin(start, grain, week) == start for start in starts)
    assert all(periods.following(one, grain) == other for one, other in pairwise(starts))


def test_what_a_period_means_where_days_end():
    assert window(date.min, days=36600, since=None, until=None) == Window(date.min, date(1, 1, 2))
    assert window(MONDAY, days=None, since=date(2026, 1, 1), until=date.max) == Window(date(2026, 1, 1), None)
    assert Window(date.min, date(1, 1, 5)).earlier(7, MONDAY) == Window(date.min, date.min)
    assert Window(date(2026, 1, 1), date(2026, 1, 8)).earlier(7, MONDAY) == Window(
        date(2025, 12, 25), date(2026, 1, 1)
    )
    assert Window(None, MONDAY).earlier(7, MONDAY) is None
