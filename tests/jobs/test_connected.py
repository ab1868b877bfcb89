"""What is done for a connection, against a real portal and real tables, with a clock that never waits."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from headwater.core.errors import NeedsPerson
from headwater.core.ports import Source
from headwater.jobs.connected import Connected
from headwater.jobs.house import Household, Terms
from headwater.jobs.taps import Taps
from headwater.jobs.turn import Done, Turn
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options, Portal
from headwater.sync import config
from headwater.sync.engine import Engine
from headwater.testing.fakes import FakeClock
from headwater.testing.river import River, river
from headwater.warehouse import jobs, schedules, starts
from headwater.warehouse.connections import Link
from headwater.warehouse.jobs import Job, Kind

RUNS = "select id, entity_type as entity, sync_type, status from headwater.sync_logs order by id"


class Desk:
    """One connection and what is done for it."""

    def __init__(self, stream: River) -> None:
        self.stream = stream
        self.heard: list[str] = []
        self.told: dict[str, Any] = {}
        self.taps = Taps(lambda _: stream.source())
        self.connected = Connected(
            Engine(stream.warehouse, stream.clock), self.taps, draw=lambda: 7, listening={"drain": self.drain}
        )

    async def drain(self, link: Link, source: Source, enough: Callable[[], bool]) -> None:
        self.heard.append(link.slug)

    @property
    def now(self) -> datetime:
        return self.stream.clock.now()

    async def turn(
        self, kind: Kind, *, enough: bool = False, due_at: datetime | None = None, payload: Any = None
    ) -> Done:
        link = self.stream.link
        told = {**self.told, **(payload or {})}
        job = Job(link.id, kind, link.tenant, due_at or self.now, told, 0)
        done = await self.connected.works()[kind](Turn(job, lambda: enough))
        assert done is not None
        if kind == "sync":
            self.told |= done.payload
        return done

    async def runs(self, after: int = 0) -> list[tuple[str, str, str]]:
        rows = await self.stream.rows(RUNS)
        return [(row["entity"], row["sync_type"], row["status"]) for row in rows if row["id"] > after]

    async def last(self) -> int:
        return max((row["id"] for row in await self.stream.rows(RUNS)), default=0)

    async def set(self, entity: str, **more: Any) -> schedules.Line:
        link = self.stream.link
        return await config.change(self.stream.warehouse, link.tenant, link.id, entity, now=self.now, **more)

    async def ask(self, sync_type: starts.StartType, *entities: str) -> int:
        link = self.stream.link
        return await starts.ask(
            self.stream.warehouse,
            link.tenant,
            link.id,
            sync_type,
            list(entities) or None,
            "a person",
            self.now,
        )

    async def start(self, number: int) -> starts.Start:
        found = await starts.read(self.stream.warehouse, self.stream.tenant.id, number)
        assert found is not None
        return found

    async def job(self, kind: Kind = "sync") -> jobs.Line:
        [found] = [
            one
            for one in await jobs.listed(self.stream.warehouse, self.stream.tenant.id)
            if (one.connection, one.kind) == (self.stream.link.id, kind)
        ]
        return found


@asynccontextmanager
async def desk(url: str, portal: Portal) -> AsyncIterator[Desk]:
    async with river(url, portal=portal) as stream:
        made = Desk(stream)
        try:
            yield made
        finally:
            await made.taps.close()


@pytest.fixture
def small():
    portal = bitrix24.built(Options(deals=20, seed=3, virtual=True))
    yield portal
    portal.close()


@pytest.fixture
def deals_only():
    portal = bitrix24.built(Options(deals=6_000, whole=False, virtual=True))
    yield portal
    portal.close()


async def test_everything_is_read_first_then_each_interval_brings_an_increment(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        began = one.now
        done = await one.turn("sync")
        assert done.due_at == began + timedelta(minutes=15)
        assert {sync_type for _, sync_type, _ in await one.runs()} == {"full"}
        last = await one.last()

        one.stream.clock.advance(60)
        assert (await one.turn("sync")).due_at == done.due_at, "woken too early, nothing is due"
        assert await one.runs(last) == []

        one.stream.portal.work(10)
        one.stream.clock.advance(15 * 60)
        await one.turn("sync")

        assert {sync_type for _, sync_type, _ in await one.runs(last)} == {"incremental"}
        assert (await one.stream.compare()).equal


async def test_an_interval_changed_live_makes_the_entity_due_by_it(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        began = one.now
        await one.turn("sync")
        last = await one.last()

        line = await one.set("leads", interval_minutes=1)
        assert line.due_at is not None
        assert (await one.job()).due_at <= line.due_at <= one.now + timedelta(minutes=1)
        one.stream.clock.advance(90)
        done = await one.turn("sync")

        assert {entity for entity, _, _ in await one.runs(last)} == {"leads"}
        assert done.due_at is not None
        assert done.due_at < began + timedelta(minutes=4)
        last = await one.last()
        one.stream.clock.advance(15 * 60)
        await one.turn("sync")
        assert len({entity for entity, _, _ in await one.runs(last)}) > 5, "with the slowest, all are read"


async def test_what_is_switched_off_is_not_read_and_not_waited_for(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        await one.turn("sync")
        last = await one.last()
        await one.set("leads", enabled=False)
        one.stream.clock.advance(3_600)
        await one.turn("sync")

        assert "leads" not in {entity for entity, _, _ in await one.runs(last)}
        with pytest.raises(NeedsPerson, match="1 to 1440 minutes"):
            await one.set("deals", interval_minutes=0)
        with pytest.raises(NeedsPerson, match="no 'dragons' to set; there are: activities"):
            await one.set("dragons", enabled=True)


async def test_a_week_of_downtime_is_one_increment(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        await one.turn("sync")
        last = await one.last()
        one.stream.clock.advance(7 * 86_400)
        done = await one.turn("sync")

        entities = [entity for entity, _, _ in await one.runs(last)]
        assert len(entities) == len(set(entities))
        assert done.due_at is not None
        assert done.due_at > one.now


async def test_a_clock_set_back_an_hour_does_not_keep_anything_waiting_for_an_hour(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        await one.turn("sync")
        household = Household(one.stream.warehouse, one.stream.clock, Terms())
        one.stream.clock.set(timedelta(hours=-1))
        await household.looked_over(True)

        assert (await one.job()).due_at == one.now
        last = await one.last()
        done = await one.turn("sync")
        assert await one.runs(last) != []
        assert done.due_at == one.now + timedelta(minutes=15) or done.due_at > one.now


class Meddling(httpx2.AsyncBaseTransport):
    """Sets the clock back by an hour while the first request is under way."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, clock: FakeClock) -> None:
        self.inner = inner
        self.clock = clock
        self.by = timedelta(hours=-1)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.clock.set(self.by)
        self.by = timedelta()
        return await self.inner.handle_async_request(request)


async def test_a_clock_set_back_during_a_sync_does_not_put_the_next_one_off(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        one.stream.transport = Meddling(one.stream.transport, one.stream.clock)
        done = await one.turn("sync")

        assert done.due_at is not None
        assert one.now < done.due_at <= one.now + timedelta(minutes=15)


async def test_a_full_read_that_was_asked_for_goes_on_over_slices_and_reads_nothing_twice(
    newest_database, deals_only
):
    async with desk(newest_database.url(), deals_only) as one:
        await one.turn("sync")
        number, last = await one.ask("full", "deals"), await one.last()
        for _ in range(50):
            await one.turn("sync", enough=True)
            if (await one.start(number)).over:
                break

        found = await one.start(number)
        assert (found.status, found.error) == ("completed", None)
        runs = await one.runs(last)
        assert [run for run in runs if run[1] == "full"] == [("deals", "full", "completed")]
        assert found.runs
        assert (await one.stream.compare()).equal


async def test_a_start_that_cannot_be_done_says_why_and_keeps_nothing_else_from_being_done(
    newest_database, small
):
    async with desk(newest_database.url(), small) as one:
        bad, good = await one.ask("incremental", "dragons"), await one.ask("incremental", "leads")
        await one.turn("sync")

        assert "no entity 'dragons'" in str((await one.start(bad)).error)
        assert (await one.start(good)).status == "completed"
        assert (await one.stream.compare()).equal, "what was due is done besides"


async def test_a_paused_connection_does_what_people_ask_for_and_nothing_else(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        link = one.stream.link
        await config.pause(one.stream.warehouse, link.tenant, link.id, reason="holidays", now=one.now)
        assert await one.turn("sync") == Done(None)
        await one.turn("drain")
        assert (await one.runs(), one.heard) == ([], [])

        number = await one.ask("incremental", "leads")
        assert await one.turn("sync") == Done(None)
        assert (await one.start(number)).status == "completed"
        assert {entity for entity, _, _ in await one.runs()} == {"leads"}

        await config.resume(one.stream.warehouse, link.tenant, link.id, now=one.now)
        assert (await one.job("drain")).due_at == one.now
        await one.turn("sync")
        await one.turn("drain")
        assert len(await one.runs()) > 5
        assert one.heard == [link.slug]


async def test_at_night_one_entity_after_the_other_is_compared(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        await one.turn("sync")
        night, compared, payload = one.now, 0, {}
        while True:
            done = await one.turn("reconcile", due_at=night, payload=payload)
            payload = {key: value for key, value in {**payload, **done.payload}.items() if value is not None}
            if "left" not in payload:
                break
            assert done.due_at == one.now, "others may have their turn in between"
            compared += 1

        verdicts = await one.stream.rows("select entity, verdict from headwater.certificates")
        assert len(verdicts) == compared + 1 > 5
        assert {row["verdict"] for row in verdicts} == {"equal"}
        assert one.now < done.due_at <= one.now + timedelta(days=1)
        assert (await one.turn("reconcile", payload=payload)).due_at == done.due_at, "woken by day, it waits"


async def test_a_comparison_that_was_asked_for_is_done_by_day_and_leaves_the_night_alone(
    newest_database, small
):
    async with desk(newest_database.url(), small) as one:
        await one.turn("sync")
        number = await one.ask("reconcile", "leads", "deals")
        payload: dict[str, Any] = {}
        while not (await one.start(number)).over:
            payload |= (await one.turn("reconcile", payload=payload)).payload
        done = await one.turn("reconcile", payload=payload)

        found = await one.start(number)
        assert (found.status, len(found.runs)) == ("completed", 2)
        rows = await one.stream.rows("select entity from headwater.certificates order by id")
        assert [row["entity"] for row in rows] == ["leads", "deals"]
        assert done.due_at is not None
        assert done.due_at > one.now


async def test_work_of_a_connection_that_is_no_more_is_told_so(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        job = Job(one.stream.link.id + 1, "sync", one.stream.tenant.id, one.now, {}, 0)
        assert await one.connected.sync(Turn(job, lambda: False)) is None


async def test_every_connection_has_its_work_planned_once(newest_database, small):
    async with desk(newest_database.url(), small) as one:
        household = Household(one.stream.warehouse, one.stream.clock, Terms(), no_backup="none is wanted")
        await household.looked_over(False)
        first = await jobs.listed(one.stream.warehouse, one.stream.tenant.id)
        one.stream.clock.advance(3_600)
        await household.looked_over(False)

        assert await jobs.listed(one.stream.warehouse, one.stream.tenant.id) == first
        assert {(line.connection, line.kind) for line in first} == {
            (0, "backup"), (0, "housekeeping"), (one.stream.link.id, "reconcile"),
            (one.stream.link.id, "refresh"), (one.stream.link.id, "sync"),
        }  # fmt: skip
