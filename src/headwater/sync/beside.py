"""Runs beside the readings of an entity, without a survey: the fields of the last one are remembered."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from headwater.core.errors import NeedsPerson
from headwater.core.model import Survey
from headwater.sync import children
from headwater.sync.plan import Cursor, Reading
from headwater.sync.runs import Run
from headwater.sync.session import AT_ONCE, Session
from headwater.warehouse import jobs, sets, state, typed
from headwater.warehouse.reads import next_read


@asynccontextmanager
async def running(held: Session, survey: Survey, name: str) -> AsyncIterator[Run]:
    """A run beside the readings of an entity: how far that is, and how it stands, is afterwards as before."""
    known = await held.state(name)
    reading = Reading("webhook", Cursor.load(known.cursor), fresh=True)
    run = await held.open(survey, name, reading, known, seen_by="event")
    async with held.failing([run]):
        yield run
        await held.finish(run, run.cursor, status=known.status)


async def surveyed(held: Session, names: Sequence[str]) -> Survey:
    """What is remembered of these entities; a survey where that is too old or somebody knows better."""
    link = held.link
    known = held.surveys.of(link.id, names, held.clock.now())
    if known is not None and not await _outdated(held, known):
        return known
    try:
        survey = await held.survey(names, {name: await held.state(name) for name in names})
    except NeedsPerson:
        # Nothing of these may be read. Whether that is so of everything, the others tell.
        every = await state.enabled(held.warehouse, link.tenant, link.id, list(held.source.entities))
        if set(every) <= set(names):
            raise
        survey = await held.survey(every, {name: await held.state(name) for name in every})
    await held.keep(survey)
    return survey


async def _outdated(held: Session, known: Survey) -> bool:
    """Whether a table has columns for fields that we know nothing of: another process has seen more."""
    for name, fields in known.fields.items():
        ours = {(one.name, one.kind) for one in fields}
        columns = await typed.columns_of(held.warehouse, held.link.tenant, held.link.id, name)
        if any(one.live and (one.field, one.kind) not in ours for one in columns):
            return True
    return False


async def sets_due(held: Session) -> list[Run]:
    """Reads sets that are due, the last changed first; of each kind no more than one reading brings."""
    link = held.link
    kinds = await sets.kinds_due(held.warehouse, link.tenant, link.id)
    wanted = [
        name for name, spec in held.source.entities.items() if any(one.slug in kinds for one in spec.asked)
    ]
    names = await state.enabled(held.warehouse, link.tenant, link.id, wanted)
    if not names:
        return []
    survey = await surveyed(held, names)
    began = await next_read(held.warehouse)
    since = held.surveys.just_read(link.id, held.clock.now()) or began
    runs = []
    for name in [name for name in names if name in survey.fields]:
        async with running(held, survey, name) as run:
            run.since = since
            await children.read(held, run, most=AT_ONCE)
        runs.append(run)
    if await sets.touched_since(held.warehouse, link.tenant, link.id, began):
        # Records were read again on the way and had changed: their other sets, read before, are due anew.
        async with held.warehouse.acting_for(link.tenant) as conn:
            await jobs.wake(conn, link.tenant, link.id, "sets", due_at=held.clock.now())
    return runs
