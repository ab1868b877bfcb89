import asyncio
from datetime import UTC, datetime, timedelta

from headwater.core.clock import WallClock
from headwater.core.model import Cost
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse

START = datetime(2026, 11, 21, tzinfo=UTC)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    @property
    def passed(self) -> float:
        return (self.time - START).total_seconds()


def pacer_of(warehouse: Warehouse, clock: Clock) -> Pacer:
    return Pacer(warehouse, clock, share=1.0, now=clock.now)


async def test_a_portal_seen_for_the_first_time_has_no_burst_left(warehouse: Warehouse):
    clock = Clock()
    pacer = Pacer(warehouse, clock, share=1.0, now=clock.now)

    for _ in range(10):
        await pacer.turn("acme")

    assert 4.5 <= clock.passed <= 5.5


async def test_after_a_rest_the_whole_bucket_may_be_used_at_once(warehouse: Warehouse):
    clock = Clock()
    pacer = Pacer(warehouse, clock, share=1.0, now=clock.now)
    await pacer.turn("acme")
    clock.time += timedelta(seconds=60)
    rested = clock.passed

    for _ in range(49):
        await pacer.turn("acme")

    assert clock.passed == rested


async def test_no_more_than_the_share_is_used_in_the_long_run(warehouse: Warehouse):
    clock = Clock()
    pacer = Pacer(warehouse, clock, share=0.5, now=clock.now)

    for _ in range(100):
        await pacer.turn("acme")

    assert 99 <= clock.passed <= 101


async def test_several_processes_share_one_bucket(warehouse: Warehouse):
    clock = Clock()
    pacers = [Pacer(warehouse, clock, share=1.0, now=clock.now) for _ in range(4)]

    await asyncio.gather(*(pacer.turn("acme") for pacer in pacers for _ in range(5)))

    assert clock.passed >= 9.5


async def test_another_portal_has_a_bucket_of_its_own(warehouse: Warehouse):
    clock = Clock()
    pacer = Pacer(warehouse, clock, share=1.0, now=clock.now)
    for _ in range(4):
        await pacer.turn("acme")
    before = clock.passed

    await pacer.turn("other")

    assert clock.passed - before <= 0.51


async def test_a_refusal_empties_what_we_thought_was_left(warehouse: Warehouse):
    clock = Clock()
    pacer = Pacer(warehouse, clock, share=1.0, now=clock.now)
    await pacer.turn("acme")
    clock.time += timedelta(seconds=60)
    before = clock.passed

    await pacer.refused("acme")
    await pacer.turn("acme")

    assert clock.passed - before >= 0.49


async def test_a_clock_a_little_behind_gives_nothing_away(warehouse: Warehouse):
    ahead, behind = Clock(), Clock()
    ahead.time += timedelta(seconds=20)
    await pacer_of(warehouse, ahead).turn("acme")
    await pacer_of(warehouse, ahead).refused("acme")

    await pacer_of(warehouse, behind).turn("acme")

    assert behind.now() > ahead.now()


async def test_a_clock_that_was_set_back_does_not_block_the_portal(warehouse: Warehouse):
    wrong, right = Clock(), Clock()
    wrong.time += timedelta(days=30)
    await pacer_of(warehouse, wrong).turn("acme")

    for _ in range(4):
        await pacer_of(warehouse, right).turn("acme")

    assert right.passed <= 3


async def test_without_a_clock_of_its_own_time_is_the_databases(warehouse: Warehouse):
    await Pacer(warehouse, WallClock(), share=1.0).turn("acme")

    async with warehouse.connection() as conn:
        row = await (await conn.execute("select clock_timestamp() - at from headwater.pacer")).fetchone()
    assert row is not None
    assert timedelta(0) <= row[0] < timedelta(minutes=1)


async def test_read_numbers_rise(warehouse: Warehouse):
    pacer = pacer_of(warehouse, Clock())

    numbers = [await pacer.turn("acme") for _ in range(5)]

    assert numbers == sorted(set(numbers))


async def test_after_a_refusal_less_is_used_and_it_grows_back(warehouse: Warehouse):
    clock = Clock()
    pacer = pacer_of(warehouse, clock)
    await pacer.turn("acme")

    async def seconds_of(turns: int) -> float:
        began = clock.passed
        for _ in range(turns):
            await pacer.turn("acme")
        return clock.passed - began

    await pacer.refused("acme")
    eased = await seconds_of(100)
    clock.time += timedelta(hours=1)
    await seconds_of(50)
    restored = await seconds_of(100)

    assert 55 <= eased <= 65
    assert 48 <= restored <= 52


async def test_many_refusals_leave_a_fifth(warehouse: Warehouse):
    clock = Clock()
    pacer = pacer_of(warehouse, clock)
    for _ in range(30):
        await pacer.refused("acme")
    await pacer.turn("acme")
    began = clock.passed

    for _ in range(10):
        await pacer.turn("acme")

    assert 20 <= clock.passed - began <= 26


async def test_what_one_process_is_told_of_costs_the_others_know(warehouse: Warehouse):
    clock = Clock()
    first, second = pacer_of(warehouse, clock), pacer_of(warehouse, clock)
    await first.spent("acme", {"crm.deal.list": Cost(400.0, 120.0), "crm.lead.list": Cost(3.0, 600.0)})
    clock.time += timedelta(seconds=20)
    await first.spent("acme", {"crm.lead.list": Cost(5.0, 590.0)})

    known = await second.costs("acme")

    assert known == {"crm.deal.list": Cost(400.0, 100.0), "crm.lead.list": Cost(5.0, 590.0)}
    assert await second.costs("other") == {}


async def test_costs_are_told_by_the_databases_clock(warehouse: Warehouse):
    pacer = Pacer(warehouse, WallClock(), share=1.0)
    await pacer.spent("acme", {"crm.deal.list": Cost(1.0, 60.0)})

    [cost] = (await pacer.costs("acme")).values()

    assert 50 < cost.left <= 60


async def test_what_was_told_before_a_clock_was_set_back_makes_nobody_wait_for_an_hour(warehouse: Warehouse):
    clock = Clock()
    pacer = pacer_of(warehouse, clock)
    await pacer.spent("acme", {"crm.deal.list": Cost(480.0, 600.0)})
    assert await pacer.costs("acme") == {"crm.deal.list": Cost(480.0, 600.0)}
    clock.time -= timedelta(hours=1)

    assert await pacer.costs("acme") == {}


async def test_a_portal_that_was_begun_a_moment_ago_is_not_waited_for(warehouse: Warehouse):
    clock = Clock()
    pacer = pacer_of(warehouse, clock)
    await pacer.unasked("new.example")

    for _ in range(49):
        await pacer.turn("new.example")

    assert clock.passed == 0
    await pacer.turn("new.example")
    assert clock.passed > 0
