"""Workers and scripted work: who does what when, whatever fails, dies or is stopped."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from headwater.core.clock import WallClock
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.jobs.turn import Done, Turn, Work
from headwater.jobs.worker import Worker
from headwater.warehouse import jobs, workers
from headwater.warehouse.jobs import Kind, Line
from headwater.warehouse.pool import Warehouse

TENANT = UUID(int=7)


class SetClock(WallClock):
    """A clock that somebody can set."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


async def nothing(_: bool) -> None:
    """Nothing has to be planned: tests wish for what they want."""


async def wish(warehouse: Warehouse, connection: int, kind: Kind = "sync", **more: Any) -> None:
    async with warehouse.connection() as conn:
        await jobs.wake(conn, TENANT, connection, kind, **({"due_at": datetime.now(UTC)} | more))


async def until(condition: Callable[[], Awaitable[Any] | bool]) -> None:
    """Waits until it holds; the test's own timeout is the end of patience."""
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)


async def line(warehouse: Warehouse, connection: int, kind: Kind = "sync") -> Line:
    [found] = [
        one
        for one in await jobs.listed(warehouse, TENANT)
        if (one.connection, one.kind) == (connection, kind)
    ]
    return found


@asynccontextmanager
async def working(warehouse: Warehouse, works: dict[Kind, Work], **more: Any) -> AsyncIterator[Worker]:
    """A worker at work until the end of the block, stopped in good order then."""
    worker = Worker(
        warehouse, more.pop("clock", WallClock()), works, look_over=more.pop("look_over", nothing), **more
    )
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await running


async def test_many_short_jobs_of_two_workers_are_each_done_after_their_last_wish_and_never_twice_at_once(
    newest_database,
):
    under_way: Counter[int] = Counter()
    seen: dict[tuple[int, str], int] = {}
    wished: Counter[tuple[int, str]] = Counter()
    dice = random.Random(5)

    async def work(turn: Turn) -> Done:
        key = turn.job.connection, turn.job.kind
        under_way[turn.job.connection] += 1
        assert under_way[turn.job.connection] == 1
        count = wished[key]
        await asyncio.sleep(dice.random() / 200)
        seen[key] = count
        under_way[turn.job.connection] -= 1
        return Done(None)

    works: dict[Kind, Work] = {"sync": work, "drain": work, "sets": work}
    async with (
        Warehouse(newest_database.url(), size=4) as one,
        Warehouse(newest_database.url(), size=4) as two,
        working(one, works, slots=3),
        working(two, works, slots=3),
    ):
        for _ in range(600):
            key = dice.randrange(1, 12), dice.choice(list(works))
            wished[key] += 1  # before: work may begin while the wish is still on its way back to us
            await wish(one, *key)

        async def over() -> bool:
            return not any(row.due_at or row.worker for row in await jobs.listed(one, TENANT))

        await until(over)
        assert seen == wished
        assert not any(row.error for row in await jobs.listed(one, TENANT))


async def test_a_thousand_wishes_are_few_turns(newest_database):
    turns = 0

    async def work(turn: Turn) -> Done:
        nonlocal turns
        turns += 1
        await asyncio.sleep(0.1)
        return Done(None)

    async with Warehouse(newest_database.url(), size=8) as warehouse, working(warehouse, {"drain": work}):
        await asyncio.gather(*(wish(warehouse, 1, "drain") for _ in range(1_000)))

        async def done() -> bool:
            return (await line(warehouse, 1, "drain")).due_at is None

        await until(done)
    assert turns < 200


async def test_work_goes_on_while_nobody_waits_and_ends_when_somebody_does(newest_database):
    begun: list[int] = []
    ended: list[int] = []

    async def work(turn: Turn) -> Done:
        begun.append(turn.job.connection)
        if turn.job.connection == 1:
            await until(turn.enough)
            ended.append(1)
            return Done(datetime.now(UTC))
        return Done(None)

    async with (
        Warehouse(newest_database.url(), size=4) as warehouse,
        working(warehouse, {"sync": work}, slots=1, slice_seconds=0.3),
    ):
        await wish(warehouse, 1)
        await until(lambda: begun == [1])
        await asyncio.sleep(1)
        assert ended == []
        await wish(warehouse, 2)
        await until(lambda: len(begun) >= 3)

        assert begun[:3] == [1, 2, 1], "who waited has his turn, then it goes on"


async def test_beside_one_giant_twenty_small_tenants_have_their_turn_within_one_slice(newest_database):
    small = dict.fromkeys(range(2, 22), 0)
    slices = 0

    async def work(turn: Turn) -> Done:
        nonlocal slices
        if turn.job.connection == 1:
            slices += 1
            await until(turn.enough)
            return Done(datetime.now(UTC))
        small[turn.job.connection] += 1
        return Done(None)

    async with (
        Warehouse(newest_database.url(), size=4) as warehouse,
        working(warehouse, {"sync": work}, slots=1, slice_seconds=0.3),
    ):
        await wish(warehouse, 1)
        await until(lambda: slices == 1)
        for number in small:
            await wish(warehouse, number)
        await until(lambda: slices == 2)

        assert set(small.values()) == {1}, "all of them between two slices of the giant"


async def test_what_just_happened_does_not_wait_for_what_takes_long(newest_database):
    drained: list[int] = []
    busy = 0

    async def sync(turn: Turn) -> Done:
        nonlocal busy
        busy += 1
        await until(turn.enough)
        return Done(None)

    async def drain(turn: Turn) -> Done:
        drained.append(turn.job.connection)
        return Done(None)

    async with (
        Warehouse(newest_database.url(), size=4) as warehouse,
        working(warehouse, {"sync": sync, "drain": drain}, slots=2, slice_seconds=900),
    ):
        for giant in (1, 2, 3):
            await wish(warehouse, giant)
        await until(lambda: busy == 2)
        await wish(warehouse, 9, "drain")
        await until(lambda: drained == [9])

        assert busy == 2


async def test_the_loop_survives_every_error_and_says_which(newest_database):
    errors: dict[int, BaseException] = {
        1: RetryLater("the portal is closed"), 2: NeedsPerson("give it the right crm"), 3: ZeroDivisionError(),
        4: ExceptionGroup("several", [ValueError("x")]),
    }  # fmt: skip
    done: list[int] = []

    async def work(turn: Turn) -> Done:
        if turn.job.connection in errors:
            raise errors[turn.job.connection]
        done.append(turn.job.connection)
        return Done(None)

    async with Warehouse(newest_database.url(), size=4) as warehouse, working(warehouse, {"sync": work}):
        for number in (1, 2, 3, 4, 5):
            await wish(warehouse, number)
        await until(lambda: done == [5])

        async def told() -> bool:
            return all([(await line(warehouse, number)).error for number in errors])

        await until(told)
        found = {number: await line(warehouse, number) for number in errors}
    assert found[1].error == "the portal is closed"
    assert found[2].error == "give it the right crm"
    assert found[3].error == "ZeroDivisionError: an error of the program; the log has it"
    waits = {
        number: round((one.held_until - datetime.now(UTC)).total_seconds(), -1)
        for number, one in found.items()
    }
    assert (waits[2], waits[3], waits[4]) == (3_600, 300, 300)
    assert 0 <= waits[1] <= 10


async def test_after_five_failures_nothing_of_a_connection_is_tried_but_one_thing_at_a_time(newest_database):
    tried: list[tuple[int, str]] = []

    async def work(turn: Turn) -> Done:
        tried.append((turn.job.connection, turn.job.kind))
        raise RetryLater("the portal is down")

    async with (
        Warehouse(newest_database.url(), size=4) as warehouse,
        working(warehouse, {"sync": work, "drain": work}),
    ):
        for count in range(1, 6):
            await wish(warehouse, 1, urgent=True)
            await until(lambda count=count: len(tried) == count)

        async def rests() -> bool:
            held = (await line(warehouse, 1)).held_until
            return held is not None and held > datetime.now(UTC) + timedelta(minutes=4)

        await until(rests)
        await wish(warehouse, 1, "drain")
        await wish(warehouse, 2)
        await until(lambda: len(tried) == 6)
        await asyncio.sleep(1.2)
        assert tried == [(1, "sync")] * 5 + [(2, "sync")], "the other connection is tried, this one rests"

        await wish(warehouse, 1, "sync", urgent=True)
        await until(lambda: len(tried) > 6)


async def test_a_stop_ends_slices_at_their_next_page_and_what_has_no_pages_at_once(newest_database):
    ended: list[str] = []
    begun = 0

    async def sync(turn: Turn) -> Done:
        nonlocal begun
        begun += 1
        await until(turn.enough)
        ended.append("committed")
        return Done(datetime.now(UTC))

    async def backup(turn: Turn) -> Done:
        nonlocal begun
        begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cut")
        return Done(None)

    async with Warehouse(newest_database.url(), size=4) as warehouse:
        async with working(warehouse, {"sync": sync, "backup": backup}):
            await wish(warehouse, 1)
            await wish(warehouse, 0, "backup")
            await until(lambda: begun == 2)

        assert sorted(ended) == ["committed", "cut"]
        assert await workers.listed(warehouse) == []
        for number, kind in ((1, "sync"), (0, "backup")):
            left = await line(warehouse, number, kind)
            assert (left.worker, left.error) == (None, None)
            assert left.due_at <= datetime.now(UTC), "the next worker goes on"


async def test_a_second_stop_does_not_wait_for_pages(newest_database):
    begun = 0

    async def sync(turn: Turn) -> Done:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()
        return Done(None)

    async with Warehouse(newest_database.url(), size=4) as warehouse:
        worker = Worker(warehouse, WallClock(), {"sync": sync}, look_over=nothing)
        running = asyncio.create_task(worker.run())
        await wish(warehouse, 1)
        await until(lambda: begun == 1)
        worker.stop()
        worker.stop()
        await running

        left = await line(warehouse, 1)
        assert (left.worker, left.error) == (None, None)


async def test_a_worker_whose_session_is_cut_puts_its_work_down_and_goes_on_under_another_number(
    newest_database,
):
    begun: list[int] = []
    cut: list[int] = []

    async def sync(turn: Turn) -> Done:
        begun.append(turn.job.connection)
        if len(begun) > 1:
            return Done(None)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut.append(turn.job.connection)
            raise
        return Done(None)

    async with Warehouse(newest_database.url(), size=4) as warehouse, working(warehouse, {"sync": sync}):
        await wish(warehouse, 1)
        await until(lambda: begun == [1])
        [first] = await workers.listed(warehouse)
        with newest_database.as_admin() as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'headwater worker' and datname = current_database()"
            )
        await until(lambda: begun == [1, 1])

        assert cut == [1]
        [second] = await workers.listed(warehouse)
        assert second.id != first.id


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_is_noticed_and_everything_looked_over(newest_database, hours):
    looks: list[bool] = []
    done = 0

    async def look(jumped: bool) -> None:
        looks.append(jumped)

    async def sync(turn: Turn) -> Done:
        nonlocal done
        done += 1
        return Done(None)

    clock = SetClock()
    async with (
        Warehouse(newest_database.url(), size=4) as warehouse,
        working(warehouse, {"sync": sync}, clock=clock, look_over=look),
    ):
        await until(lambda: looks == [False])
        clock.by = timedelta(hours=hours)
        await until(lambda: looks == [False, True])
        await wish(warehouse, 1, due_at=clock.now())
        await until(lambda: done == 1)

        assert looks == [False, True], "once"


async def test_a_fixed_time_comes_once_with_two_workers(newest_database):
    turns: list[datetime] = []

    async def housekeeping(turn: Turn) -> Done:
        turns.append(datetime.now(UTC))
        return Done(datetime.now(UTC) + timedelta(hours=1))

    works: dict[Kind, Work] = {"housekeeping": housekeeping}
    async with (
        Warehouse(newest_database.url(), size=4) as one,
        Warehouse(newest_database.url(), size=4) as two,
        working(one, works),
        working(two, works),
    ):
        for warehouse in (one, two):
            await jobs.plan(
                warehouse, None, jobs.HOUSE, "housekeeping", due_at=datetime.now(UTC) + timedelta(seconds=1)
            )
        await until(lambda: bool(turns))
        await asyncio.sleep(1.5)

        assert len(turns) == 1
