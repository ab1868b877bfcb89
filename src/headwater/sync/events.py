"""What events tell of is read again and stored, and only then are they marked.

An event says that something happened, never what: so doubles, wrong order, forgeries and a second application
do no harm. A burst is waited for, and is one reading: records are read by their ids, without a survey, as the
fields of the last one are remembered. Whatever ends a drain leaves its events waiting for the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from headwater.core import log, tally
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.metrics import APPLIED
from headwater.core.model import Owners, Survey
from headwater.core.ports import Clock
from headwater.sync import offline
from headwater.sync.beside import running, surveyed
from headwater.sync.known import ids_of
from headwater.sync.meaning import Meant, outcomes, sort_out
from headwater.sync.runs import Run
from headwater.sync.session import AT_ONCE, Session
from headwater.warehouse import inbox, jobs, schedules, sets, state
from headwater.warehouse.connections import Link
from headwater.warehouse.inbox import Waiting
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.reads import next_read

LOGGER = log.get("sync")
QUIET_SECONDS = 0.2  # without another event end a burst
LOOKS = 7  # after so many it is taken as far as it has come: 1.4 s
EVENTS = 10_000  # looked at in one go
COMMENTS = "comments"
COMMENTS_AT_ONCE = 50  # asked about in one request
SETS_LATER = timedelta(seconds=5)  # records that change one after another have their sets read together


@dataclass(slots=True)
class Drained:
    """What a drain did."""

    events: int = 0
    requests: int = 0
    runs: list[Run] = field(default_factory=list)

    def add(self, other: "Drained") -> None:
        self.events += other.events
        self.requests += other.requests
        self.runs += other.runs


async def settled(warehouse: Warehouse, clock: Clock, link: Link) -> bool:
    """Waits until a burst of events is over, or has lasted long enough; whether there are events at all."""
    last = await inbox.newest(warehouse, link.tenant, link.id)
    for _ in range(LOOKS if last is not None else 0):
        await clock.sleep(QUIET_SECONDS)
        before, last = last, await inbox.newest(warehouse, link.tenant, link.id)
        if last == before:
            break
    return last is not None


async def left(warehouse: Warehouse, clock: Clock, link: Link) -> None:
    """A drain ends though events may wait: somebody has to come back for them."""
    if await inbox.newest(warehouse, link.tenant, link.id) is not None:
        async with warehouse.acting_for(link.tenant) as conn:
            await jobs.wake(conn, link.tenant, link.id, "drain", due_at=clock.now())


async def drain(held: Session) -> Drained:
    """Applies what waits, as far as it is taken in one go. What goes wrong with one entity leaves its events
    waiting and keeps no other from being read; it is raised in the end."""
    meant = await _meant(held)
    done = Drained()
    troubles: list[HeadwaterError] = []
    if meant.fields:
        held.surveys.forget(held.link.id)
    if meant.removed:
        try:
            meant.done |= dict.fromkeys(meant.removed, await _removed(held))
        except HeadwaterError as exc:
            await _tried(held, meant.removed, exc, troubles)
    owned = Owners(0, {}, {})
    if meant.comments:
        try:
            owned = await _owned(held, list(meant.comments))
            done.requests += -(-len(meant.comments) // COMMENTS_AT_ONCE)
        except HeadwaterError as exc:
            await _tried(held, meant.of_comments(), exc, troubles)
            meant.comments.clear()
    names = [name for name in held.source.entities if name in meant.records or _slugs(held, name, owned)]
    await _begin(held, meant, names)
    for name, survey in (await _readable(held, meant, names, troubles)).items():
        try:
            done.runs.append(await _apply(held, survey, name, meant, owned))
        except HeadwaterError as exc:
            await _tried(held, meant.of(name), exc, troubles)
    if not troubles:
        await _mark(held, dict.fromkeys(meant.of_comments(), "stored: its record's comments are due"))
    done.requests += sum(run.requests for run in done.runs)
    done.events = len(meant.done) + sum(map(len, meant.due.values())) + len(meant.queue)
    done.events += sum(len(meant.of(run.entity)) for run in done.runs)
    tally.add(APPLIED, done.events, connection=held.link.slug)
    LOGGER.info("events applied", connection=held.link.slug, events=done.events, requests=done.requests)
    if troubles:
        raise troubles[0]
    return done


async def _meant(held: Session) -> Meant:
    """What the events that wait ask for."""
    ear = held.source.ear
    if ear is None:
        raise NeedsPerson(f"{held.source.name} sends no events, and some are stored for it")
    deaf = await schedules.deaf(held.warehouse, held.link.tenant, held.link.id)
    return sort_out(await _taken(held), ear.tells, held.source.entities, deaf)


async def _taken(held: Session) -> list[Waiting]:
    """Events that wait, until they tell of as many records as are read in one go."""
    found: list[Waiting] = []
    records: set[tuple[str | None, str | None]] = set()
    while len(records) < AT_ONCE and len(found) < EVENTS:
        more = await inbox.waiting(
            held.warehouse, held.link.tenant, held.link.id,
            after=found[-1].id if found else 0, limit=AT_ONCE,
        )  # fmt: skip
        found += more
        records |= {(one.entity, one.external_id) for one in more}
        if len(more) < AT_ONCE:
            break
    return found


async def _removed(held: Session) -> str:
    """The account says that it wants no more of us. It is asked: an old or forged event stops nothing."""
    try:
        await held.source.check()
    except NeedsPerson as exc:
        reason = f"the application was removed from the portal: {exc}"
        await schedules.pause(
            held.warehouse, held.link.tenant, held.link.id, reason=reason, now=held.clock.now()
        )
        LOGGER.warning("connection paused", connection=held.link.slug, reason=reason)
        return "stored: the connection is paused"
    return "ignored: the portal still lets us in"


async def _owned(held: Session, comments: Sequence[str]) -> Owners:
    """Whose comments these are; of those that are gone, the records we have them stored with."""
    asked = await held.source.owners(COMMENTS, comments)
    owners = {slug: list(ids) for slug, ids in asked.owners.items()}
    gone = asked.rows.get(COMMENTS, ())
    origin = Origin(held.link.tenant, held.link.id, 0, asked.began, "event", held.clock.now())
    async with held.warehouse.acting_for(held.link.tenant) as conn:
        for spec in held.source.entities.values():
            for one in [one for one in spec.asked if one.table == COMMENTS and gone]:
                owners.setdefault(one.slug, []).extend(await sets.owners(conn, one, gone, origin))
    return Owners(asked.began, {slug: ids for slug, ids in owners.items() if ids}, {})


def _slugs(held: Session, name: str, owned: Owners) -> list[str]:
    """The kinds of sets of an entity that some of its records are to be read again for."""
    return [one.slug for one in held.source.entities[name].asked if one.slug in owned.owners]


async def _begin(held: Session, meant: Meant, names: Sequence[str]) -> None:
    """In one commit: what asks for nothing is marked, what others do is due. Their sets, too, before the
    records are read: whatever happens then, somebody looks."""
    link, now = held.link, held.clock.now()
    due = list(meant.due)
    if meant.queue:
        due += await state.enabled(held.warehouse, link.tenant, link.id, list(held.source.entities))
    told = dict(meant.done)
    for numbers in (*meant.due.values(), meant.queue):
        told |= dict.fromkeys(numbers, "stored: its next increment is due")
    later = any(held.source.entities[name].asked for name in names)
    if not told and not later:
        return
    async with held.warehouse.acting_for(link.tenant) as conn:
        await held.held.hold(conn)
        if due:
            await schedules.hasten(conn, link.tenant, link.id, due, now=now)
        if later:
            await jobs.wake(conn, link.tenant, link.id, "sets", due_at=now + SETS_LATER)
        await inbox.mark(conn, link.tenant, link.id, told, now=now)


async def _readable(
    held: Session, meant: Meant, names: Sequence[str], troubles: list[HeadwaterError]
) -> Mapping[str, Survey]:
    """The entities that may be read, each with what is known of its fields. Events of others are marked."""
    if not names:
        return {}
    try:
        survey = await surveyed(held, names)
    except HeadwaterError as exc:
        await _tried(held, [number for name in names for number in meant.of(name)], exc, troubles)
        return {}
    for name in [name for name in names if name in survey.refused]:
        await _mark(held, dict.fromkeys(meant.of(name), f"ignored: {survey.refused[name]}"))
    held.surveys.reading(held.link.id, await next_read(held.warehouse), held.clock.now())
    return {name: survey for name in names if name in survey.fields}


async def _apply(held: Session, survey: Survey, name: str, meant: Meant, owned: Owners) -> Run:
    """Reads again and stores what events tell of one entity, and marks them."""
    link, records = held.link, meant.records.get(name, {})
    async with running(held, survey, name) as run:
        usable, refused = ids_of(held.source, name, list(records))
        run.reread = await held.reread(run, usable, noticed="event")
        run.reread.refused = refused
        if slugs := _slugs(held, name, owned):
            owners = {slug: owned.owners[slug] for slug in slugs}
            await offline.mark(held, run, offline.Due((), owners, {}), owned.began)
    await _mark(held, outcomes(records, run.reread))
    if held.surveys.is_news(link.id, name, run.reread.strange):
        LOGGER.info("records have unknown fields", entity=name, fields=sorted(run.reread.strange))
        held.surveys.forget(link.id)
        async with held.warehouse.acting_for(link.tenant) as conn:
            await schedules.hasten(conn, link.tenant, link.id, [name], now=held.clock.now())
    return run


async def _mark(held: Session, told: Mapping[int, str]) -> None:
    if told:
        async with held.warehouse.acting_for(held.link.tenant) as conn:
            await inbox.mark(conn, held.link.tenant, held.link.id, told, now=held.clock.now())


async def _tried(
    held: Session, numbers: Sequence[int], exc: HeadwaterError, troubles: list[HeadwaterError]
) -> None:
    """These events wait on, as something went wrong."""
    troubles.append(exc)
    await inbox.tried(held.warehouse, held.link.tenant, held.link.id, numbers, str(exc))
