"""Reads a connection's entities into the warehouse, page by page, each page one commit."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from headwater.core import log
from headwater.core.ports import Clock, Source
from headwater.sync import plan, session
from headwater.sync.plan import Cursor, Reading
from headwater.sync.session import Report, Run, Session
from headwater.warehouse import state
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

__all__ = ["ALL_RECORDS", "Engine", "Report", "Run"]

LOGGER = log.get("sync")
ALL_RECORDS = "(all records)"  # among the notes of fields: what concerns the read as a whole


class Engine:
    """Syncs connections. `report` is told after every committed page."""

    def __init__(self, warehouse: Warehouse, clock: Clock, *, report: Report | None = None) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.report = report or (lambda _: None)

    async def sync(
        self, link: Link, source: Source, *, full: bool = False, entities: Sequence[str] | None = None
    ) -> list[Run]:
        """Brings a connection up to date; returns one run per entity that is not switched off.

        The first time, and with `full`, everything is read; otherwise what moved since the last run. A run
        that was cut goes on after its last committed page, and is followed by the increment it delayed.
        """
        wanted = list(entities or source.entities)
        names = await state.enabled(self.warehouse, link.tenant, link.id, wanted)
        async with self._session(link, source) as held:
            runs = await _once(held, names, full=full)
            if any(not run.reading.fresh for run in runs):
                runs = await _once(held, names, full=False)
            return runs

    async def sync_ids(self, link: Link, source: Source, entity: str, ids: Sequence[str]) -> Run:
        """Reads these records again, whatever their times say. Those the source does not have any more
        move to headwater.gone."""
        async with self._session(link, source) as held:
            known = await held.state(entity)
            survey = await held.survey([entity], {entity: known})
            reading = Reading("ids", Cursor.load(known.cursor), fresh=True)
            run = await held.open(survey, entity, reading, known, seen_by="event")
            async with held.failing([run]):
                await held.reread(run, list(dict.fromkeys(ids)), noticed="event")
                await held.finish(run, run.cursor, status=known.status)
            return run

    def _session(self, link: Link, source: Source) -> AbstractAsyncContextManager[Session]:
        return session.opened(self.warehouse, self.clock, link, source, report=self.report)


async def _once(held: Session, names: Sequence[str], *, full: bool) -> list[Run]:
    states = {name: await held.state(name) for name in names}
    cursors = {name: Cursor.load(states[name].cursor) for name in names}
    counting = any(full or cursor.until is None for cursor in cursors.values())
    survey = await held.survey(names, states, count=counting)
    runs = []
    for name in names:
        spec, newest = held.source.entities[name], survey.newest[name]
        reading = plan.decide(spec, cursors[name], now=survey.now, newest=newest, full=full)
        runs.append(await held.open(survey, name, reading, states[name]))
    async with held.failing(runs):
        async for answer in held.source.pages([span for run in runs for span in run.cursor.spans]):
            await held.store(runs, answer)
        for run in runs:
            _weigh(run)
            await held.finish(run, run.cursor.finished())
    return runs


def _weigh(run: Run) -> None:
    """A full read that brought another number of records than the source counts is told."""
    read = run.before + run.read
    if run.expected is not None and read != run.expected:
        reason = f"the source counted {run.expected}, {read} were read: a change meanwhile, or a loss"
        run.notes[ALL_RECORDS] = {"reason": reason, "count": abs(run.expected - read), "example": "–"}
        LOGGER.warning("total does not add up", entity=run.entity, counted=run.expected, read=read)
