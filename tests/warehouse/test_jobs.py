"""Work is never lost, never done twice at once, and never two things of one connection at a time."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.testing.sample import NOW
from headwater.warehouse import jobs, workers
from headwater.warehouse.corners import WORKERS
from headwater.warehouse.jobs import Job, Kind
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import Station

TENANT = UUID(int=7)
ALL: list[Kind] = ["sync", "drain", "sets", "reconcile", "housekeeping", "backup", "rights"]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def wish(warehouse: Warehouse, connection: int, kind: Kind = "sync", **more: Any) -> None:
    async with warehouse.connection() as conn:
        await jobs.wake(conn, TENANT, connection, kind, **({"due_at": NOW} | more))


async def dies(warehouse: Warehouse, station: Station) -> None:
    """The worker's process is gone; returns when the server knows it."""
    await station.session.close()
    async with warehouse.connection() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(%s)", [WORKERS + station.id])


async def taken(warehouse: Warehouse, station: Station, *, now: datetime = NOW) -> tuple[int, Kind] | None:
    job = await jobs.take(warehouse, station.id, ALL, now=now)
    return None if job is None else (job.connection, job.kind)


async def test_what_is_due_longest_is_taken_first_and_what_is_not_due_is_not(warehouse: Warehouse):
    for connection, seconds in ((1, 5), (2, 1), (3, 60)):
        await wish(warehouse, connection, due_at=after(seconds))
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        assert await taken(warehouse, station, now=after(0)) is None
        assert await taken(warehouse, station, now=after(10)) == (2, "sync")
        assert await taken(warehouse, station, now=after(10)) == (1, "sync")
        assert await taken(warehouse, station, now=after(10)) is None


async def test_of_one_connection_one_thing_is_done_at_a_time(warehouse: Warehouse):
    await wish(warehouse, 1, "sync")
    await wish(warehouse, 1, "drain", due_at=after(1))
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        job = await jobs.take(warehouse, station.id, ALL, now=after(5))
        assert job is not None
        assert await taken(warehouse, station, now=after(5)) is None
        assert await jobs.waiting(warehouse, job, now=after(5)) == (True, False)

        await jobs.finish(warehouse, station.id, job, due_at=None, now=after(6))

        assert await taken(warehouse, station, now=after(6)) == (1, "drain")


async def test_two_things_of_one_connection_cannot_be_taken_at_the_same_moment(
    database, warehouse: Warehouse
):
    for connection in range(30):
        await wish(warehouse, connection, "sync")
        await wish(warehouse, connection, "drain")
    async with (
        Warehouse(database.url(), size=4) as other,
        workers.registered(warehouse, slots=9, now=NOW) as one,
        workers.registered(other, slots=9, now=NOW) as two,
    ):
        found = await asyncio.gather(
            *(taken(house, station) for _ in range(20) for house, station in ((warehouse, one), (other, two)))
        )

    connections = [connection for connection, _ in filter(None, found)]
    assert sorted(connections) == list(range(30))


async def test_a_wish_during_the_work_is_done_again(warehouse: Warehouse):
    await wish(warehouse, 1)
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        job = await jobs.take(warehouse, station.id, ALL, now=NOW)
        assert job is not None
        await wish(warehouse, 1, due_at=after(900))
        await jobs.finish(warehouse, station.id, job, due_at=after(900), now=after(5))

        again = await jobs.take(warehouse, station.id, ALL, now=after(5))
        assert again is not None
        await jobs.finish(warehouse, station.id, again, due_at=after(900), now=after(6))
        assert await taken(warehouse, station, now=after(600)) is None


async def test_work_of_a_dead_worker_is_taken_over_at_once_and_he_cannot_finish_it(warehouse: Warehouse):
    await wish(warehouse, 1)
    async with workers.registered(warehouse, slots=2, now=NOW) as living:
        async with workers.registered(warehouse, slots=2, now=NOW) as dying:
            job = await jobs.take(warehouse, dying.id, ALL, now=NOW)
            assert job is not None
            assert await jobs.freed(warehouse, now=NOW) == []
            await dies(warehouse, dying)

            assert await jobs.freed(warehouse, now=NOW) == [(1, "sync")]
            assert await taken(warehouse, living) == (1, "sync")

            assert not await jobs.finish(warehouse, dying.id, job, due_at=None, now=NOW)
            await wish(warehouse, 2)
            assert await taken(warehouse, dying) is None, "whoever was taken for dead takes nothing"
        assert [one.id for one in await workers.listed(warehouse)] == [living.id]


async def test_a_worker_that_ends_lets_go_of_what_it_has_not_done(warehouse: Warehouse):
    await wish(warehouse, 1)
    async with workers.registered(warehouse, slots=2, now=NOW) as first:
        assert await taken(warehouse, first) == (1, "sync")
    assert await workers.listed(warehouse) == []
    async with workers.registered(warehouse, slots=2, now=NOW) as second:
        assert await taken(warehouse, second) == (1, "sync")


async def test_what_failed_waits_whoever_wishes_it_but_a_person(warehouse: Warehouse):
    await wish(warehouse, 1)
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        job = await jobs.take(warehouse, station.id, ALL, now=NOW)
        assert job is not None
        assert await jobs.fail(warehouse, station.id, job, error="closed", until=after(300), now=NOW) == 1

        await wish(warehouse, 1)
        assert await taken(warehouse, station, now=after(299)) is None
        [line] = await jobs.listed(warehouse, TENANT)
        assert (line.error, line.tries, line.held_until) == ("closed", 1, after(300))
        await wish(warehouse, 1, urgent=True)
        again = await jobs.take(warehouse, station.id, ALL, now=after(1))
        assert again is not None
        assert again.tries == 1


async def test_what_a_person_wishes_while_it_fails_is_tried_again_at_once(warehouse: Warehouse):
    await wish(warehouse, 1)
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        job = await jobs.take(warehouse, station.id, ALL, now=NOW)
        assert job is not None
        await wish(warehouse, 1, urgent=True)
        await jobs.fail(warehouse, station.id, job, error="closed", until=after(3_600), now=after(1))

        assert await taken(warehouse, station, now=after(1)) == (1, "sync")


async def test_failures_in_a_row_are_counted_over_all_work_of_a_connection(warehouse: Warehouse):
    async with workers.registered(warehouse, slots=2, now=NOW) as station:

        async def turn(kind: Kind, second: int, *, fails: bool) -> int:
            await wish(warehouse, 1, kind, urgent=True)
            job = await jobs.take(warehouse, station.id, [kind], now=after(second))
            assert job is not None
            if fails:
                return await jobs.fail(
                    warehouse, station.id, job, error="no", until=after(second), now=after(second)
                )
            await jobs.finish(warehouse, station.id, job, due_at=None, now=after(second))
            return 0

        assert await turn("sync", 1, fails=True) == 1
        assert await turn("drain", 2, fails=True) == 2
        assert await turn("drain", 3, fails=True) == 3
        await turn("sync", 4, fails=False)
        assert await turn("sets", 5, fails=True) == 1

        await jobs.hold(warehouse, 1, until=after(300))
        for kind in ("sync", "reconcile"):
            await wish(warehouse, 1, kind)
        assert await taken(warehouse, station, now=after(299)) is None, "not even what never failed"
        assert await taken(warehouse, station, now=after(300)) is not None


async def test_what_a_wrong_clock_named_is_drawn_in(warehouse: Warehouse):
    await wish(warehouse, 1, due_at=after(86_400 * 400))
    await wish(warehouse, 2, due_at=after(3_600))

    assert await jobs.drawn_in(warehouse, now=NOW, latest=after(86_400), longest=after(3_900)) == [
        (1, "sync")
    ]

    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        assert await taken(warehouse, station) == (1, "sync")
        assert await taken(warehouse, station) is None


async def test_events_and_sets_wait_no_longer_than_anything_does_when_a_clock_was_set_back(
    warehouse: Warehouse,
):
    for number, kind in enumerate(("drain", "sets", "sync", "reconcile"), 1):
        await wish(warehouse, number, kind, due_at=after(3_600))

    drawn = await jobs.drawn_in(warehouse, now=NOW, latest=after(86_400), longest=NOW)

    assert sorted(drawn) == [(1, "drain"), (2, "sets")]


async def test_since_when_work_fails_is_kept_until_it_succeeds(warehouse: Warehouse):
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        await wish(warehouse, 1)
        for seconds in (0, 60, 120):
            job = await jobs.take(warehouse, station.id, ALL, now=after(seconds))
            assert job is not None
            await jobs.fail(
                warehouse, station.id, job, error="no", until=after(seconds + 60), now=after(seconds)
            )
        [failing] = await jobs.listed(warehouse, TENANT)
        job = await jobs.take(warehouse, station.id, ALL, now=after(180))
        assert job is not None
        await jobs.finish(warehouse, station.id, job, due_at=None, now=after(180))
        [done] = await jobs.listed(warehouse, TENANT)

    assert (failing.failing_since, failing.tries, failing.error) == (NOW, 3, "no")
    assert (done.failing_since, done.tries, done.error) == (None, 0, None)


async def test_nobody_waits_where_a_worker_is_free(warehouse: Warehouse):
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        await wish(warehouse, 1)
        job = await jobs.take(warehouse, station.id, ALL, now=NOW)
        assert job is not None
        await wish(warehouse, 2, due_at=after(10))

        assert await jobs.waiting(warehouse, job, now=after(10.5)) == (False, False)
        assert await jobs.waiting(warehouse, job, now=after(12)) == (False, True)


async def test_word_of_work_reaches_a_worker_when_it_is_committed(warehouse: Warehouse):
    async with workers.registered(warehouse, slots=2, now=NOW) as station:
        hearing = asyncio.create_task(station.heard(seconds=60))
        async with warehouse.connection() as conn, conn.transaction():
            await jobs.wake(conn, TENANT, 1, "drain", due_at=NOW)
        assert await hearing
        assert not await station.heard(seconds=0.01)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wish"), st.integers(1, 3), st.sampled_from(["sync", "drain"])),
        st.tuples(st.just("take"), st.integers(0, 2), st.none()),
        st.tuples(st.just("finish"), st.integers(0, 5), st.none()),
        st.tuples(st.just("fail"), st.integers(0, 5), st.none()),
        st.tuples(st.just("die"), st.integers(0, 2), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
async def test_no_wish_is_lost_and_nothing_is_done_unwished_whatever_happens(newest_database, steps):
    """A model beside the tables: `wished` holds what was wished for since it was last begun."""
    base = uuid4().int % 2**40 * 10  # connections of this example alone
    wished: set[tuple[int, str]] = set()
    held: list[tuple[Station, Job]] = []
    async with Warehouse(newest_database.url(), size=2) as warehouse, AsyncExitStack() as stack:
        async with warehouse.connection() as conn:
            await conn.execute("delete from headwater.jobs")

        async def hired() -> Station:
            return await stack.enter_async_context(workers.registered(warehouse, slots=2, now=NOW))

        team = [await hired() for _ in range(3)]
        second = 0
        for what, number, kind in steps:
            second += 1
            now = after(second)
            if what == "wish":
                await wish(warehouse, base + number, kind, due_at=now)
                wished.add((base + number, kind))
            elif what == "take":
                job = await jobs.take(warehouse, team[number].id, ALL, now=now)
                busy = {one.connection for _, one in held}
                ready = {one for one in wished if one[0] not in busy}
                assert (job is not None) == bool(ready)
                if job is not None:
                    assert (job.connection, job.kind) in ready
                    wished.discard((job.connection, job.kind))
                    held.append((team[number], job))
            elif what in ("finish", "fail") and held:
                station, job = held.pop(number % len(held))
                if what == "finish":
                    assert await jobs.finish(warehouse, station.id, job, due_at=None, now=now)
                else:
                    await jobs.fail(warehouse, station.id, job, error="x", until=now, now=now)
                    wished.add((job.connection, job.kind))
            elif what == "die":
                dead, team[number] = team[number], await hired()
                await dies(warehouse, dead)
                await jobs.freed(warehouse, now=now)
                wished |= {(job.connection, job.kind) for station, job in held if station is dead}
                held = [(station, job) for station, job in held if station is not dead]
        for station, job in held:
            await jobs.finish(warehouse, station.id, job, due_at=None, now=after(second))
        left = set()
        while (job := await jobs.take(warehouse, team[0].id, ALL, now=after(9_999))) is not None:
            left.add((job.connection, job.kind))
            await jobs.finish(warehouse, team[0].id, job, due_at=None, now=after(9_999))
        assert left == wished
