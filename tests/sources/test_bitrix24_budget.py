"""Operating time: what is asked for fits into what is left of it, and some is left to others."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest

from headwater.core.model import Cost, Span
from headwater.sandbox.bitrix24 import Options, Portal, app, built
from headwater.sources.bitrix24 import Bitrix24
from headwater.sources.bitrix24.budget import Budget
from headwater.testing.fakes import CountingPace, FakeClock

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DEALS, LEADS = "crm.deal.list", "crm.lead.list"


def test_a_method_near_its_limit_rests_until_the_portal_forgets() -> None:
    budget = Budget()
    told = {"operating": 476.0, "operating_reset_at": 1_000, "finish": 880.0}
    budget.note("crm.deal.list", told, NOW)

    assert budget.rest(["crm.deal.list"], NOW) == pytest.approx(121)
    assert budget.rest(["crm.lead.list"], NOW) == 0
    assert budget.rest(["crm.deal.list"], NOW + timedelta(seconds=121)) == 0
    assert budget.blocked("crm.deal.list", NOW) == pytest.approx(121)
    assert budget.blocked("crm.lead.list", NOW) is None


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_makes_nobody_wait_longer_than_a_portal_remembers(hours: int) -> None:
    budget = Budget()
    budget.learn({DEALS: Cost(480.0, 600.0)}, NOW)
    assert budget.rest([DEALS], NOW) == pytest.approx(601)
    later = NOW + timedelta(hours=hours)

    assert budget.rest([DEALS], later) == 0
    assert budget.blocked(DEALS, later) is None
    assert budget.room(DEALS, later, 50) == 1


@pytest.mark.parametrize(
    "time", [{}, {"operating": 500}, {"operating": "a", "operating_reset_at": 1, "finish": 1}]
)
def test_a_portal_that_tells_no_operating_time_is_not_waited_for(time: dict[str, Any]) -> None:
    budget = Budget()
    budget.note("crm.deal.list", time, NOW)

    assert budget.rest(["crm.deal.list"], NOW) == 0


@pytest.mark.parametrize(
    ("used", "price", "room"),
    [(0.0, 1.0, 50), (400.0, 2.0, 37), (474.5, 1.0, 0), (474.0, 1.0, 1), (480.0, 0.0, 0), (474.0, 0.0, 50)],
)
def test_as_many_commands_go_out_as_fit(used: float, price: float, room: int) -> None:
    budget = Budget()
    budget.learn({DEALS: Cost(used, 300.0)}, NOW)
    budget.price({DEALS: price})

    assert budget.room(DEALS, NOW, 50) == room
    assert budget.room(LEADS, NOW, 50) == 50


def test_the_share_of_others_is_left_to_them() -> None:
    budget = Budget(0.7)
    budget.learn({DEALS: Cost(330.0, 300.0)}, NOW)
    budget.price({DEALS: 2.0})

    assert budget.room(DEALS, NOW, 50) == 3


def test_a_portal_that_charges_the_batch_is_asked_less_of_everything() -> None:
    budget = Budget()
    budget.learn({"batch": Cost(470.0, 300.0)}, NOW)
    budget.price({"batch": 1.0, DEALS: 1.0})

    assert (budget.room(DEALS, NOW, 50), budget.room(LEADS, NOW, 50)) == (5, 5)


def test_when_the_oldest_is_forgotten_one_command_finds_out_how_much_is_left() -> None:
    budget = Budget()
    budget.learn({DEALS: Cost(475.0, 60.0)}, NOW)
    budget.price({DEALS: 1.0})

    assert budget.room(DEALS, NOW + timedelta(seconds=60), 50) == 0
    assert budget.room(DEALS, NOW + timedelta(seconds=61), 50) == 1
    assert budget.rest([DEALS, LEADS], NOW) == pytest.approx(61)


def test_who_waits_waits_for_what_is_used_up_and_not_for_what_is_not() -> None:
    budget = Budget()
    budget.learn({DEALS: Cost(475.0, 60.0), "batch": Cost(0.0, 600.0)}, NOW)

    assert budget.rest([DEALS], NOW) == pytest.approx(61)
    assert budget.rest([LEADS], NOW) == 0


def test_commands_that_are_not_charged_have_no_price() -> None:
    budget = Budget()
    budget.learn({DEALS: Cost(470.0, 60.0)}, NOW)
    budget.price({DEALS: 0.09})

    assert budget.room(DEALS, NOW, 50) == 50


def test_what_is_told_is_told_on_once() -> None:
    budget = Budget()
    budget.note(DEALS, {"operating": 3, "operating_reset_at": 1_000, "finish": 880.0}, NOW)
    budget.note(LEADS, {"operating": 0, "operating_reset_at": 1_000, "finish": 880.0}, NOW)

    assert budget.news() == {DEALS: Cost(3.0, 120.0)}
    assert budget.news() == {}


class Share(CountingPace):
    """A pace of which we may use so much, and what processes tell each other of its costs."""

    def __init__(self, share: float, clock: FakeClock) -> None:
        super().__init__()
        self.share = share
        self.clock = clock
        self.known: dict[str, Cost] = {}
        self.at = clock.now()

    async def costs(self, portal: str) -> Mapping[str, Cost]:
        passed = (self.clock.now() - self.at).total_seconds()
        return {method: Cost(one.used, one.left - passed) for method, one in self.known.items()}

    async def spent(self, portal: str, costs: Mapping[str, Cost]) -> None:
        self.known, self.at = {**await self.costs(portal), **costs}, self.clock.now()


@pytest.fixture
def portal() -> Iterator[Portal]:
    """Its pages take 0.96 s: 25,000 records use up the ten minutes of a method."""
    made = built(Options(sizes={"deals": 60_000, "contacts": 5_000}, virtual=True, code="slow"))
    made.limits.rules.slowness = 8.0
    yield made
    made.close()


@pytest.fixture
def clock(portal: Portal) -> FakeClock:
    return FakeClock(portal.clock.now(), also=portal.clock.advance)


class Lasting(httpx2.AsyncBaseTransport):
    """A portal whose answers take as long as they say."""

    def __init__(self, portal: Portal, clock: FakeClock) -> None:
        self.inner = httpx2.ASGITransport(app(portal))
        self.clock = clock

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        self.clock.advance(orjson.loads(await answer.aread())["time"]["duration"])
        return answer


def reader(portal: Portal, pace: Share) -> Bitrix24:
    transport = Lasting(portal, pace.clock)
    url = "https://slow.bitrix24.ru/rest/1/slow/"
    return Bitrix24(url, pace=pace, clock=pace.clock, transport=transport)


@pytest.mark.parametrize(("share", "least", "most"), [(1.0, 0.95, 0.99), (0.7, 0.65, 0.7)])
async def test_a_slow_portals_time_is_used_up_to_our_share_and_nothing_is_refused(
    portal: Portal, clock: FakeClock, share: float, least: float, most: float
) -> None:
    source = reader(portal, Share(share, clock))
    levels, rows = [], 0

    async for page in source.pages([Span("deals", "all", upto=10**9), Span("contacts", "all", upto=10**9)]):
        rows += sum(len(part.records) for part in page.parts)
        levels.append(portal.limits.operating("1/slow", DEALS) / 480)

    await source.close()
    assert rows == 65_000
    assert portal.stats.errors["OPERATION_TIME_LIMIT"] == 0
    assert least <= max(levels) <= most


async def test_what_has_time_left_is_read_while_another_method_rests(
    portal: Portal, clock: FakeClock
) -> None:
    pace = Share(1.0, clock)
    pace.known[DEALS] = Cost(475.0, 500.0)
    source = reader(portal, pace)
    began, first = clock.now(), []

    async for page in source.pages([Span("deals", "all", upto=10**9), Span("contacts", "all", upto=4_000)]):
        first = [part.span.entity for part in page.parts if part.records]
        break

    await source.close()
    assert first == ["contacts"]
    assert (clock.now() - began).total_seconds() < 60


async def test_another_process_knows_what_was_used(portal: Portal, clock: FakeClock) -> None:
    pace = Share(0.7, clock)
    source = reader(portal, pace)
    async for _ in source.pages([Span("deals", "all", upto=10**9)]):
        if portal.limits.operating("1/slow", DEALS) > 200:
            break
    await source.close()
    other = reader(portal, pace)

    levels = [
        portal.limits.operating("1/slow", DEALS) / 480
        async for _ in other.pages([Span("deals", "all", after=50_000, upto=10**9)])
    ]

    await other.close()
    assert max(levels) <= 0.7
