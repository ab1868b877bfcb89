"""Reads a connection's entities into the warehouse, page by page, each page one commit."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from headwater.core import log
from headwater.core.model import Survey
from headwater.core.ports import Clock, Offline, Source
from headwater.sync import beside, children, events, offline, plan, session, silence
from headwater.sync.ahead import ahead, each
from headwater.sync.healing import heal
from headwater.sync.known import ids_of, learnt
from headwater.sync.plan import Cursor, Reading
from headwater.sync.replay import Replayed, replayed
from headwater.sync.runs import Report, Rest, Run
from headwater.sync.session import Session
from headwater.sync.surveys import Surveys
from headwater.warehouse import state, statistics
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

LOGGER = log.get("sync")
ALL_RECORDS = "(all records)"  # among the notes of fields: what concerns the read as a whole


Begun: TypeAlias = Callable[[Sequence[Run]], Awaitable[None]]
"""Told of the runs of a reading when all of them are open."""


class Engine:
    """Syncs connections. `report` is told after every committed page; `vault` opens what is known of people
    who were erased."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        *,
        report: Report | None = None,
        surveys: Surveys | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.vault = vault
        self.report = report or (lambda _: None)
        self.surveys = Surveys() if surveys is None else surveys
        self._resting: dict[int, tuple[Source, Survey]] = {}
        """Of readings at rest, by connection."""

    async def sync(
        self,
        link: Link,
        source: Source,
        *,
        full: bool = False,
        entities: Sequence[str] | None = None,
        enough: Callable[[], bool] | None = None,
        begun: Begun | None = None,
    ) -> list[Run]:
        """Brings a connection up to date; returns one run per entity that is not switched off.

        The first time, and with `full`, everything is read; otherwise what moved since the last run. A run
        that was cut goes on after its last committed page, and is followed by the increment it delayed.

        `enough` is asked after commits: when it says so, the reading ends there and what is not done rests
        (`Run.rests`), to be gone on with by the next sync. `begun` is told of the runs of each reading.
        """
        made: list[Run] = []
        async with self._session(link, source, enough) as held:
            with suppress(Rest):
                await self._once(held, entities, made, begun, full=full)
                if any(not run.reading.fresh for run in made):
                    made.clear()
                    await self._once(held, entities, made, begun, full=False)
        return made

    async def sync_ids(self, link: Link, source: Source, entity: str, ids: Sequence[str]) -> Run:
        """Reads these records again, whatever their times say. Those the source does not have any more
        move to headwater.gone; what is no id of the source is refused, and the rest is read."""
        async with self._session(link, source) as held:
            await learnt(source, [entity])
            usable, refused = ids_of(source, entity, ids)
            known = await held.state(entity)
            survey = await held.survey([entity], {entity: known})
            reading = Reading("ids", Cursor.load(known.cursor), fresh=True)
            run = await held.open(survey, entity, reading, known, seen_by="event")
            async with held.failing([run]):
                run.reread = await held.reread(run, usable, noticed="event")
                run.reread.refused = refused
                await children.read(held, run)
                await held.finish(run, run.cursor, status=known.status)
            return run

    async def replay(
        self,
        link: Link,
        source: Source,
        *,
        numbers: Sequence[int] | None = None,
        entity: str | None = None,
    ) -> list[Replayed]:
        """Tries entries of the failed queue again, those with these numbers (None: all), and says what
        became of each. Numbers that are not in the queue of this connection are passed over."""
        async with self._session(link, source) as held:
            return await replayed(held, numbers=numbers, entity=entity)

    async def drain(
        self, link: Link, source: Source, *, enough: Callable[[], bool] | None = None
    ) -> events.Drained:
        """Applies the events that wait: reads again what they name and stores it, until none is left or it is
        `enough`. What is not marked then is applied by the next drain, whatever ended this one."""
        done = events.Drained()
        while await events.settled(self.warehouse, self.clock, link):
            async with self._session(link, source) as held:
                done.add(await events.drain(held))
            if enough is not None and enough():
                await events.left(self.warehouse, self.clock, link)
                break
        return done

    async def sets(self, link: Link, source: Source) -> list[Run]:
        """Reads sets that are due, the last changed first, as many as a few requests bring."""
        async with self._session(link, source) as held:
            return await beside.sets_due(held)

    async def _once(
        self,
        held: Session,
        entities: Sequence[str] | None,
        made: list[Run],
        begun: Begun | None,
        *,
        full: bool,
    ) -> None:
        """One reading; `made` fills with its runs."""
        await learnt(held.source, entities or ())
        survey = await self._rested(held, entities)
        queue = None
        if survey is None:
            queue = await offline.opened(held) if entities is None else None
            survey = await _surveyed(held, entities, full=full)
        try:
            await _read(held, survey, queue, made, begun, full=full)
        except Rest:
            self._resting[held.link.id] = held.source, survey
            raise

    async def _rested(self, held: Session, entities: Sequence[str] | None) -> Survey | None:
        """What the survey of a reading that this process cut says of the entities whose run is not over: they
        are gone on with, without another survey. What else is to be read follows them, as an increment."""
        source, survey = self._resting.pop(held.link.id, (None, None))
        if survey is None or source is not held.source:
            return None
        wanted = await _enabled(held, entities or list(survey.fields))
        cut = [name for name in wanted if Cursor.load((await held.state(name)).cursor).run]
        if not cut or not survey.fields.keys() >= set(cut):
            return None
        return replace(survey, fields={name: survey.fields[name] for name in cut})

    def _session(
        self, link: Link, source: Source, enough: Callable[[], bool] | None = None
    ) -> AbstractAsyncContextManager[Session]:
        return session.opened(
            self.warehouse, self.clock, link, source,
            report=self.report, surveys=self.surveys, enough=enough or (lambda: False), vault=self.vault,
        )  # fmt: skip


async def _surveyed(held: Session, entities: Sequence[str] | None, *, full: bool) -> Survey:
    """The state of the account, kept as far as others read it."""
    wanted = await _enabled(held, entities or held.source.entities)
    states = {name: await held.state(name) for name in wanted}
    counting = full or any(Cursor.load(one.cursor).until is None for one in states.values())
    survey = await held.survey(wanted, states, count=counting, more=entities is None)
    await held.keep(survey)
    return survey


async def _read(
    held: Session, survey: Survey, queue: Offline | None, made: list[Run], begun: Begun | None, *, full: bool
) -> None:
    """Reads what is switched on of what was surveyed; `made` fills with the runs."""
    names = await _enabled(held, list(survey.fields))
    states = {name: await held.state(name) for name in names}
    cursors = {name: Cursor.load(states[name].cursor) for name in names}
    unfinished: list[Run] = []
    async with held.failing(unfinished):
        for name in names:
            spec, newest = held.source.entities[name], survey.newest[name]
            reading = plan.decide(spec, cursors[name], now=survey.now, newest=newest, full=full)
            unfinished.append(await held.open(survey, name, reading, states[name]))
        runs = list(unfinished)
        made += runs
        if begun is not None:
            await begun(runs)
        if queue is not None and any(run.reading.sync_type == "incremental" for run in runs):
            await offline.drain(held, queue, runs)
        before = silence.counted(runs)
        spans = [span for run in runs for span in run.cursor.spans]
        pages = each(held.source.pages(spans), partial(held.ready, runs))
        async with ahead(pages) as answers:
            async for answer in answers:
                await held.store(answer)
                if any(run.cursor.spans for run in runs):
                    held.rest_if_enough()
        await silence.weigh(held, runs, before)
        for run in runs:
            _weigh(run)
            await heal(held, run)
            await children.read(held, run)
            await held.finish(run, run.cursor.finished())
            unfinished.pop(0)
            if run.stored.created >= statistics.MANY:
                await statistics.renew(held.warehouse, run.shape)


async def _enabled(held: Session, names: Iterable[str]) -> list[str]:
    return await state.enabled(held.warehouse, held.link.tenant, held.link.id, list(names))


def _weigh(run: Run) -> None:
    """A full read that brought another number of records than the source counts is told."""
    read = run.before + run.read
    if run.expected is not None and read != run.expected:
        reason = f"the source counted {run.expected}, {read} were read: a change meanwhile, or a loss"
        run.notes[ALL_RECORDS] = {"reason": reason, "count": abs(run.expected - read), "example": "–"}
        LOGGER.warning("total does not add up", entity=run.entity, counted=run.expected, read=read)
