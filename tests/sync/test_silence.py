"""Events that stop: polling notices, says so, and forgets it when one comes."""

import pytest

from headwater.testing.live import Live, living
from headwater.warehouse import listening


@pytest.fixture
async def small(newest_database):
    async with living(newest_database.url(), whole=False) as made:
        await made.quiet()
        yield made


async def heard(live: Live) -> listening.Listening | None:
    return await listening.read(live.warehouse, live.link.tenant, live.link.id)


async def tell(live: Live) -> None:
    """A change, and its event."""
    live.portal.change(live.deals()[0], {"TITLE": f"told {live.clock.now()}"})
    await live.deliver()
    await live.drain()


async def hush(live: Live) -> None:
    """A change whose event is lost, and the increment that finds it."""
    live.clock.advance(900)
    live.portal.change(live.deals()[0], {"TITLE": f"untold {live.clock.now()}"})
    live.portal.events.take()
    await live.quiet()


async def test_a_connection_without_events_is_polled_and_never_counts_as_silent(small):
    for _ in range(4):
        await hush(small)

    assert await heard(small) is None


async def test_three_increments_with_changes_of_which_no_event_told_are_silence(small):
    await tell(small)
    states = []
    for _ in range(5):
        await hush(small)
        found = await heard(small)
        states.append((found.state, found.missed))

    assert states == [("events", 0), ("events", 1), ("events", 2), ("silent", 3), ("silent", 3)]
    assert "no event told" in found.reason


async def test_an_event_ends_the_silence(small):
    await tell(small)
    for _ in range(4):
        await hush(small)
    assert (await heard(small)).state == "silent"

    await tell(small)

    found = await heard(small)
    assert (found.state, found.reason, found.missed) == ("events", None, 0)


async def test_an_event_between_increments_starts_the_count_again(small):
    await tell(small)
    for _ in range(3):
        for _ in range(3):
            await hush(small)
        await tell(small)

    assert (await heard(small)).state == "events"


async def test_increments_that_find_nothing_are_no_sign_of_silence(small):
    await tell(small)
    for _ in range(4):
        small.clock.advance(900)
        await small.quiet()

    found = await heard(small)
    assert (found.state, found.missed) == ("events", 0)


async def test_changes_that_an_increment_finds_before_the_drain_are_not_missed(small):
    for _ in range(4):
        small.clock.advance(900)
        small.portal.change(small.deals()[0], {"TITLE": f"{small.clock.now()}"})
        await small.deliver()
        await small.quiet()

    found = await heard(small)
    assert (found.state, found.missed) == ("events", 0)


async def test_entities_of_which_no_event_ever_told_may_change_unheard(newest_database):
    async with living(newest_database.url()) as live:
        await live.quiet()
        await tell(live)
        for _ in range(4):
            live.clock.advance(900)
            live.portal.insert({"TITLE": "x"}, entity="lead")
            await live.quiet()

        assert (await heard(live)).state == "events"
