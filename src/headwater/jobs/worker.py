"""A process that works: takes what is due, does it in slices, and survives whatever happens to the work."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from headwater.core import log, tally
from headwater.core.errors import HeadwaterError, kind_of
from headwater.core.metrics import ERRORS, TURN_SECONDS, TURNS
from headwater.core.ports import Clock
from headwater.jobs import schedule
from headwater.jobs.turn import Done, Turn, Work
from headwater.jobs.usage import usage
from headwater.warehouse import jobs, workers
from headwater.warehouse.jobs import Job, Kind
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import Station

LOGGER = log.get("jobs")
SLOTS = 2  # for work that takes long
SLICE_SECONDS = 20.0  # so long work goes on though others wait for somebody to be free
IMPATIENT_SECONDS = 5.0  # and so long, though other work of the same connection waits
POLL_SECONDS = 1.0  # word of new work may be missed, and some becomes due without a word
BEAT_SECONDS = 10.0
GRACE_SECONDS = 20.0  # how long a stop waits for pages to be committed
LONGEST_PAUSE = 30.0  # between two tries to begin at all

QUICK: Sequence[Kind] = ("drain",)
"""Has a slot of its own: what just happened is not kept waiting by what takes long."""
SLICED: Sequence[Kind] = ("sync", "drain", "sets", "refresh")
"""Ends at the next committed page. Everything else is cut by a stop, and begun again by the next worker."""


class Worker:
    """Does `works` in so many slots, and quick work in one more. `look_over` is called when it begins, and
    when the clock was set: then it is told so."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        works: Mapping[Kind, Work],
        *,
        look_over: Callable[[bool], Awaitable[None]],
        slots: int = SLOTS,
        slice_seconds: float = SLICE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.works = works
        self.look_over = look_over
        self.slots = slots
        self.slice_seconds = slice_seconds
        self.monotonic = monotonic
        self._stopping = asyncio.Event()
        self._word = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], Job] = {}

    def stop(self) -> None:
        """Takes nothing more, and ends when what is under way has committed its page. Again: ends at once."""
        at_once = self._stopping.is_set()
        self._stopping.set()
        self._word.set()
        for task, job in self._under_way.items():
            if at_once or job.kind not in SLICED:
                task.cancel()

    async def run(self) -> None:
        """Works until it is stopped. What goes wrong with the database is waited out."""
        pause = POLL_SECONDS
        while not self._stopping.is_set():
            began = self.monotonic()
            try:
                async with workers.registered(
                    self.warehouse, slots=self.slots, now=self.clock.now()
                ) as station:
                    LOGGER.info("worker begins", worker=station.id, slots=self.slots)
                    await self._serve(station)
                    LOGGER.info("worker ends", worker=station.id)
            except Exception as exc:
                lived = self.monotonic() - began
                pause = POLL_SECONDS if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
                for one in _leaves(exc):
                    _log("worker begins anew", one, again_in_seconds=pause)
                await self._stopped_within(pause)

    async def _serve(self, station: Station) -> None:
        """Works under one number; raises when that is lost, after all work under it was cut."""
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self._hear(station))
            await self.look_over(False)
            await self._take(station, group)
            await self._finish()
            hearing.cancel()

    async def _hear(self, station: Station) -> None:
        """Passes on word that something may be due."""
        beat = self.monotonic()
        while True:
            await station.heard(seconds=POLL_SECONDS)
            self._word.set()
            if self.monotonic() - beat >= BEAT_SECONDS:
                await station.beat(now=self.clock.now(), **usage()._asdict())
                beat = self.monotonic()

    async def _take(self, station: Station, group: asyncio.TaskGroup) -> None:
        """Takes what is due as long as there is a slot for it, until the stop."""
        seen, at = self.clock.now(), self.monotonic()
        while not self._stopping.is_set():
            self._word.clear()
            try:
                passed = timedelta(seconds=self.monotonic() - at)
                if jump := schedule.jumped(seen, self.clock.now(), passed):
                    LOGGER.warning("the clock was set", seconds=round(jump.total_seconds()))
                    await self.look_over(True)
                seen, at = self.clock.now(), self.monotonic()
                await self._free_the_dead()
                while (kinds := self._kinds()) and not self._stopping.is_set():
                    job = await jobs.take(self.warehouse, station.id, kinds, now=self.clock.now())
                    if job is None:
                        break
                    task = group.create_task(self._do(station, job))
                    self._under_way[task] = job
                    task.add_done_callback(self._done)
            except HeadwaterError as exc:
                _log("nothing can be taken", exc)
                await self._stopped_within(POLL_SECONDS)
            await self._word.wait()

    def _kinds(self) -> Sequence[Kind]:
        """What there is a slot for."""
        quick = sum(job.kind in QUICK for job in self._under_way.values())
        if len(self._under_way) - min(quick, 1) < self.slots:
            return list(self.works)
        return [kind for kind in QUICK if kind in self.works] if not quick else []

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._word.set()

    async def _free_the_dead(self) -> None:
        for connection, kind in await jobs.freed(self.warehouse, now=self.clock.now()):
            LOGGER.warning("work of a dead worker is taken over", connection=connection, kind=kind)

    async def _do(self, station: Station, job: Job) -> None:
        """One turn, and what became of it."""
        others = asyncio.Event()
        watching = asyncio.create_task(self._watch(job, others))
        turn = Turn(job, lambda: self._stopping.is_set() or others.is_set())
        began = self.monotonic()
        with log.bound(work=job.kind):
            try:
                done = await self.works[job.kind](turn)
            except Exception as exc:
                tally.add(TURNS, kind=job.kind, outcome="failed")
                tally.add(ERRORS, kind=job.kind, error=kind_of(exc))
                await self._settled(partial(self._failed, station, job, exc))
            else:
                tally.add(TURNS, kind=job.kind, outcome="done")
                await self._settled(partial(self._succeeded, station, job, done))
            finally:
                tally.observe(TURN_SECONDS, self.monotonic() - began, kind=job.kind)
                watching.cancel()

    async def _succeeded(self, station: Station, job: Job, done: Done | None) -> None:
        now = self.clock.now()
        if done is None:
            await jobs.drop(self.warehouse, station.id, job, now=now)
        elif not await jobs.finish(
            self.warehouse, station.id, job, due_at=done.due_at, payload=done.payload, now=now
        ):
            LOGGER.warning("somebody else took this work over", connection=job.connection, kind=job.kind)

    async def _failed(self, station: Station, job: Job, exc: Exception) -> None:
        now = self.clock.now()
        until = now + schedule.wait(exc, job.tries + 1)
        _log("work failed", exc, connection_id=job.connection, kind=job.kind, again_at=_second(until))
        known = isinstance(exc, HeadwaterError)
        words = str(exc) if known else f"{type(exc).__name__}: an error of the program; the log has it"
        failures = await jobs.fail(
            self.warehouse, station.id, job, error=words, error_kind=kind_of(exc), until=until, now=now
        )
        if job.connection != jobs.HOUSE and schedule.broken(failures):
            held = now + schedule.BREAK
            await jobs.hold(self.warehouse, job.connection, until=held)
            LOGGER.warning(
                "a connection rests", connection=job.connection, failures=failures, until=_second(held)
            )

    async def _settled(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Says what became of work, as soon as the database hears it."""
        while True:
            try:
                await settle()
                return
            except HeadwaterError as exc:
                _log("cannot say what became of work", exc)
                await asyncio.sleep(POLL_SECONDS)

    async def _watch(self, job: Job, others: asyncio.Event) -> None:
        """Says when somebody waits who was kept waiting long enough."""
        began = self.monotonic()
        await asyncio.sleep(min(IMPATIENT_SECONDS, self.slice_seconds))
        while not others.is_set():
            try:
                waiting = await jobs.waiting(self.warehouse, job, now=self.clock.now())
            except HeadwaterError as exc:
                _log("cannot see who waits", exc)
            else:
                if waiting.same or (waiting.others and self.monotonic() - began >= self.slice_seconds):
                    others.set()
            await asyncio.sleep(min(POLL_SECONDS, self.slice_seconds))

    async def _finish(self) -> None:
        """Waits for what is under way to commit its page; what takes too long is cut."""
        tasks = list(self._under_way)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()

    async def _stopped_within(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _leaves(exc: Exception) -> list[Exception]:
    """The errors of a group one by one."""
    if isinstance(exc, ExceptionGroup):
        return [leaf for one in exc.exceptions for leaf in _leaves(one)]
    return [exc]


def _log(event: str, exc: Exception, **facts: object) -> None:
    if isinstance(exc, HeadwaterError):
        LOGGER.warning(event, reason=str(exc), **facts)
    else:
        LOGGER.error(event, exc_info=exc, **facts)


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
