"""All who follow a connection have their turn, whatever fails, and beside whatever else is done for it."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.jobs.refreshing import NEVER_LATER, WHILE_IT_CHANGES, Refreshing, Unrefreshed, refreshed
from headwater.jobs.turn import Done, Turn
from headwater.testing.fakes import FakeClock
from headwater.testing.sample import NOW, Bench, bench
from headwater.testing.settled import settled
from headwater.warehouse import following, jobs, lease, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.jobs import Job, Kind
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import registered


class Follower:
    """Follows, or fails; notes how often it was its turn."""

    def __init__(self, name: str, fails: Exception | None = None, *, needs: int = 1) -> None:
        self.name = name
        self.needs = needs
        self.fails = fails
        self.turns = 0

    async def __call__(self, warehouse: Warehouse, link: Link) -> bool:
        self.turns += 1
        if self.fails is not None:
            raise self.fails
        async with warehouse.acting_for(link.tenant) as conn:
            await following.moved(conn, link, self.name, await following.head(conn))
        return self.turns < self.needs


@pytest.fixture
async def one(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


def turn(one: Bench, kind: Kind = "refresh", *, enough: bool = False) -> Turn:
    return Turn(Job(one.link.id, kind, one.tenant.id, NOW, {}, 0), lambda: enough)


async def changed(one: Bench) -> None:
    params = {"connection": one.link.id, "entity": "deals", "ids": ["1"], "actions": ["update"]}
    await one.warehouse.rows(one.tenant.id, sql.put_changes, params)


async def woken(one: Bench) -> bool:
    lines = await jobs.listed(one.warehouse, one.tenant.id)
    return any((line.connection, line.kind) == (one.link.id, "refresh") for line in lines)


async def test_who_fails_is_named_and_keeps_nobody_from_his_turn(one: Bench):
    followers = {
        "a": Follower("a", NeedsPerson("grant it")),
        "b": Follower("b", ZeroDivisionError()),
        "c": Follower("c"),
    }

    with pytest.raises(Unrefreshed, match="a: grant it; b: an error of the program") as raised:
        await refreshed(one.warehouse, one.link, followers)

    assert [each.turns for each in followers.values()] == [1, 1, 1]
    assert not isinstance(raised.value, NeedsPerson)  # nobody has to look at the portal's credentials


async def test_what_may_work_soon_is_tried_soon(one: Bench):
    followers = {"a": Follower("a", RetryLater("busy")), "b": Follower("b")}

    with pytest.raises(RetryLater, match="a: busy"):
        await refreshed(one.warehouse, one.link, followers)


async def test_it_is_due_again_soon_while_much_changes_and_at_once_when_it_was_cut(one: Bench):
    looker = Follower("b")
    refreshing = Refreshing(one.warehouse, FakeClock(NOW), {"a": Follower("a", needs=2)}, {"b": looker})

    cut = await refreshing.refresh(turn(one, enough=True))
    looked = looker.turns
    await changed(one)
    await settled(one.warehouse)
    first = await refreshing.refresh(turn(one))
    second = await refreshing.refresh(turn(one))

    assert (cut, looked) == (Done(NOW), 0)
    assert (first, second) == (Done(NOW + WHILE_IT_CHANGES), Done(NOW + NEVER_LATER))
    assert looker.turns == 2


async def test_they_take_turns_and_leave_most_of_the_time_to_whoever_reads_the_connection(
    one: Bench, monkeypatch: pytest.MonkeyPatch
):
    rests: list[float] = []

    async def resting(seconds: float, _: object) -> None:
        rests.append(seconds)

    followers = {"a": Follower("a", needs=3), "b": Follower("b", needs=2)}
    monkeypatch.setattr("headwater.jobs.refreshing._rest", resting)

    async with lease.taken(one.warehouse, one.tenant.id, one.link.id, now=NOW):
        assert await refreshed(one.warehouse, one.link, followers)
    assert [each.turns for each in followers.values()] == [3, 2]
    assert len(rests) == 2
    assert all(rest > 0 for rest in rests)

    assert await refreshed(one.warehouse, one.link, {"c": Follower("c", needs=3)})
    assert len(rests) == 2, "nobody reads it: there is no reason to rest"


async def test_who_rests_stops_as_soon_as_others_wait(one: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("headwater.jobs.refreshing.REST", 1e9)
    follower = Follower("a", needs=2)
    asked = iter([False, False, True, True])

    async with lease.taken(one.warehouse, one.tenant.id, one.link.id, now=NOW):
        whole = await refreshed(one.warehouse, one.link, {"a": follower}, enough=lambda: next(asked))

    assert whole
    assert follower.turns == 2


async def test_work_that_stored_something_wakes_it_and_work_that_did_not_does_not(one: Bench):
    refreshing = Refreshing(one.warehouse, FakeClock(NOW), {"a": Follower("a")})
    await refreshing.refresh(turn(one))

    async def nothing(_: Turn) -> Done:
        return Done(None)

    async def something(_: Turn) -> Done:
        await changed(one)
        return Done(None)

    await refreshing.works({"sync": nothing})["sync"](turn(one, "sync"))
    assert not await woken(one)
    await refreshing.works({"sync": something})["sync"](turn(one, "sync"))
    assert await woken(one)


async def test_it_is_done_beside_a_sync_and_while_the_portal_rests(warehouse: Warehouse, one: Bench):
    now = datetime.now(UTC)
    async with warehouse.connection() as conn:
        for kind in ("sync", "refresh", "drain"):
            await jobs.wake(conn, one.tenant.id, one.link.id, kind, due_at=now)
    async with registered(warehouse, slots=3, now=now) as station:
        kinds: list[Kind] = ["sync", "drain", "refresh"]
        taken = [await jobs.take(warehouse, station.id, kinds, now=now) for _ in range(3)]
        found = {job.kind: job for job in taken if job is not None}
        assert sorted(found) == ["drain", "refresh"]
        assert await jobs.waiting(warehouse, found["refresh"], now=now) == (False, False)
        await jobs.finish(warehouse, station.id, found["drain"], due_at=None, now=now)

        await jobs.hold(warehouse, one.link.id, until=now + timedelta(hours=1))
        await jobs.finish(warehouse, station.id, found["refresh"], due_at=now, now=now)

        again = await jobs.take(warehouse, station.id, kinds, now=now)
        assert again is not None
        assert again.kind == "refresh"
        failed = await jobs.fail(warehouse, station.id, again, error="x", until=now, now=now)
        assert failed == 0


async def test_a_long_sync_makes_room_for_it_when_nobody_else_is_free(warehouse: Warehouse, one: Bench):
    now = datetime.now(UTC)
    async with warehouse.connection() as conn:
        await jobs.wake(conn, one.tenant.id, one.link.id, "sync", due_at=now)
    async with registered(warehouse, slots=1, now=now) as station:
        sync = await jobs.take(warehouse, station.id, ["sync"], now=now)
        assert sync is not None
        async with warehouse.connection() as conn:
            await jobs.wake(conn, one.tenant.id, one.link.id, "refresh", due_at=now)

        assert await jobs.waiting(warehouse, sync, now=now) == (False, False)
        assert await jobs.waiting(warehouse, sync, now=now + timedelta(seconds=2)) == (False, True)
