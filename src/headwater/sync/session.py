"""A process that holds a connection: it surveys, opens runs, stores pages, closes runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from headwater.core import log, tally
from headwater.core.errors import HeadwaterError, SkipRecord, StopSync
from headwater.core.metrics import RUN_SECONDS, RUNS, WRITTEN
from headwater.core.model import Fate, Page, Part, PrivacyMode, SetSpec, Survey, Values
from headwater.core.ports import Clock, Source
from headwater.sync.plan import Cursor, Reading
from headwater.sync.runs import Report, Reread, Rest, Run, Sorted, Step, sort_in_turns
from headwater.sync.surveys import Surveys
from headwater.warehouse import (
    books,
    connections,
    crm,
    erased,
    erasing,
    failed,
    lease,
    mentions,
    page,
    privacy,
    state,
    typed,
)  # fmt: skip
from headwater.warehouse.connections import Link
from headwater.warehouse.erased import Erased
from headwater.warehouse.lease import Lease
from headwater.warehouse.origin import Origin
from headwater.warehouse.page import Stored
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.privacy import Keeping
from headwater.warehouse.rows import NOTHING
from headwater.warehouse.shape import Shape
from headwater.warehouse.state import State
from headwater.warehouse.vault import Vault

LOGGER = log.get("sync")
AT_ONCE = 2_500  # records that are read again by id in one go
HIDDEN = "the source does not show this record to us any more"


class Ready(NamedTuple):
    """An answer, and what is to be stored of each of its parts."""

    answer: Page
    parts: Sequence[tuple[Run, Part, Sorted]]


@dataclass(frozen=True, slots=True)
class Session:
    """One connection, held; nobody else syncs it or changes what it keeps meanwhile. `report` is told after
    every committed page; `enough` is asked where work may be cut. `erased`: people who stay erased."""

    warehouse: Warehouse
    clock: Clock
    link: Link
    source: Source
    held: Lease
    report: Report
    keeping: Keeping
    surveys: Surveys
    enough: Callable[[], bool]
    erased: Erased | None = None

    def rest_if_enough(self) -> None:
        """Ends the work here if somebody else waits. To be called where something was just committed that
        need not be done again: so every slice gets on."""
        if self.enough():
            raise Rest

    async def state(self, entity: str) -> State:
        """How far an entity is."""
        return await state.read(self.warehouse, self.link.tenant, self.link.id, entity)

    async def survey(
        self,
        names: Sequence[str],
        states: Mapping[str, State],
        *,
        count: bool = False,
        more: bool = False,
        account: bool = False,
    ) -> Survey:
        """The state of the account, `more`: of entities it never told of, too; `account`: and whose it is.
        A portal that does not even answer that is a failed run. Entities that it refuses are paused, with its
        reason."""
        try:
            survey = await self.source.survey(names, count=count, more=more, account=account)
        except HeadwaterError as exc:
            for name in names:
                kept = Cursor.load(states[name].cursor)
                sync_type = "full" if kept.until is None else "incremental"
                number = await state.begin(
                    self.warehouse, self.link.tenant, self.link.id, name, sync_type=sync_type,
                    cursor=kept.dump(), fresh=False, source_records=None, now=self.clock.now(),
                )  # fmt: skip
                await self._close(name, number, sync_type, {}, error=str(exc))
            raise
        await state.pause(self.warehouse, self.link.tenant, self.link.id, survey.refused)
        self.surveys.learn(self.link.id, survey, self.clock.now())
        return survey

    async def keep(self, survey: Survey) -> None:
        """Stores what the survey says besides: names, stages, rates, and what the source has learnt."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await self.held.hold(conn)
            await books.put(
                conn, self.link.tenant, self.link.id,
                survey.books if self.erased is None else self.erased.books(survey.books),
                entities=list(survey.fields), now=self.clock.now(),
            )  # fmt: skip
        await connections.remember(self.warehouse, self.link, self.source.memory, self.source.portal)

    async def open(
        self, survey: Survey, name: str, reading: Reading, known: State, *, seen_by: str = "poll"
    ) -> Run:
        """Opens a run, after the typed table of its entity was made to fit the fields."""
        shape = await self._shape(survey, name)
        total = survey.totals.get(name)
        full = reading.sync_type == "full"
        rested = None
        if not reading.fresh:
            rested = await state.take_up(
                self.warehouse, self.link.tenant, self.link.id, name, sync_type=reading.sync_type
            )
        number, notes = rested or (0, {})
        if rested is None:
            number = await state.begin(
                self.warehouse, self.link.tenant, self.link.id, name,
                sync_type=reading.sync_type, cursor=reading.cursor.dump(), fresh=reading.fresh and full,
                source_records=total, now=self.clock.now(),
            )  # fmt: skip
        LOGGER.info(
            "run begins", connection=self.link.slug, entity=name, run=number, sync=reading.sync_type,
            fresh=reading.fresh, fields=len(shape.fields),
        )  # fmt: skip
        run = Run(
            name, number, reading, reading.cursor, shape,
            expected=total if full else None,
            before=0 if reading.fresh or not full else known.synced_records,
            seen_by=seen_by,
            since=survey.began,
            notes=notes,
        )  # fmt: skip
        for field in shape.fields:
            if field.unknown:
                reason = f"the source calls its type {field.type!r}: kept as it is, as {field.kind}"
                run.notes[field.name] = {"reason": reason, "count": 0, "example": "–"}
        return run

    async def _shape(self, survey: Survey, name: str) -> Shape:
        spec, fields = self.source.entities[name], survey.fields[name]
        columns = await typed.ensure(
            self.warehouse, self.link.tenant, self.link.id, spec, fields,
            schema=self.link.slug, key_column=self.source.key_column, now=self.clock.now(),
            mode=self.keeping.mode,
        )  # fmt: skip
        await self.erase_what_is_marked()
        return Shape(
            source=self.source.name,
            key_column=self.source.key_column,
            spec=spec,
            schema=self.link.slug,
            fields=fields,
            columns=columns,
            decode={one.name: self.source.decoder(one) for one in fields},
            id_of=lambda row: self.source.id_of(name, row),
            currency=survey.currency,
            mode=self.keeping.mode,
            kept_from=self.keeping.kept_from,
            erased=self.erased,
        )

    async def erase_what_is_marked(self) -> None:
        """Erases what is not kept any more: an erasing was cut short, or a field is of another class now."""
        link = self.link
        if self.keeping.mode is PrivacyMode.FULL:
            return
        if (await privacy.read(self.warehouse, link.tenant, link.id)).erasing:
            await erasing.erase(
                self.warehouse, self.held, link, self.source.entities, key_column=self.source.key_column
            )

    def kept_of(self, spec: SetSpec, told: Mapping[str, Sequence[Values]]) -> Mapping[str, Sequence[Values]]:
        """Sets by record as the source told them, without what is not kept."""
        table = crm.SETS[spec.table]
        kept = {id: table.cut(rows, self.keeping.mode) for id, rows in told.items()}
        if self.erased is None:
            return kept
        [entity] = [one.slug for one in self.source.entities.values() if spec in one.sets]
        return {id: self.erased.rows(spec.table, entity, id, rows) for id, rows in kept.items()}

    async def ready(self, runs: Sequence[Run], answer: Page) -> Ready:
        """Rows of all records of an answer. Nothing is stored yet."""
        by_entity = {run.entity: run for run in runs}
        parts = [(by_entity[part.span.entity], part) for part in answer.parts]
        return Ready(
            answer, [(run, part, await sort_in_turns(run.shape, part.records)) for run, part in parts]
        )

    async def store(self, ready: Ready, *, due: bool = False) -> None:
        """One answer, one commit: rows, history, failures, cursor, counters; the counters last.

        `due`: it is not of the run's own reading, but brings what was due beside it.
        """
        steps = {run.entity: Step(run, run.cursor, due) for run, _, _ in ready.parts}
        next(iter(steps.values())).requests = ready.answer.requests
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await self.held.hold(conn)
            for run, part, found in ready.parts:
                origin = self.origin(run, ready.answer.began)
                step = steps[run.entity]
                step.stored.add(await _store_part(conn, run, part, found, origin))
                step.cursor = step.cursor.advanced(part.span, done=part.done)
                step.read += len(part.records)
            for step in sorted(steps.values(), key=lambda step: step.run.entity):
                await self._advance(conn, step)
        for step in steps.values():
            self._taken(step)
            LOGGER.debug(
                "page stored", connection=self.link.slug, entity=step.run.entity, run=step.run.number,
                rows=step.read, new=step.stored.created, changed=step.stored.updated,
                failed=step.stored.failed,
            )  # fmt: skip
            self.report(step.run)

    async def reread(
        self, run: Run, ids: Sequence[str], *, noticed: str, withhold: bool = False, due: bool = False
    ) -> Reread:
        """Reads records by id, whatever their times say, and stores them.

        The source is asked about each one that does not come back: a hidden one stays as it is, a vanished
        one moves to headwater.gone (`noticed` says how it was found), unless deletions are withheld. One
        that it has and did not hand over goes to the failed queue. `due` as in `store`.
        """
        found = Reread()
        for at in range(0, len(ids), AT_ONCE):
            asked = ids[at : at + AT_ONCE]
            async for answer in self.source.by_ids(run.entity, asked):
                for part in answer.parts:
                    found.here |= ids_in(self.source, run.entity, part)
                    found.strange |= strange_in(run.shape, part)
                await self.store(await self.ready([run], answer), due=due)
            absent = [id for id in asked if id not in found.here]
            async for told in self.source.fates(run.entity, absent):
                gone = [id for id, fate in told.fates.items() if fate is Fate.GONE]
                found.gone |= set(gone)
                found.hidden |= {id for id, fate in told.fates.items() if fate is Fate.HIDDEN}
                await self.vanish(
                    run, [] if withhold else gone, told.began, noticed=noticed, requests=told.requests
                )
                kept = [id for id, fate in told.fates.items() if fate is Fate.HERE]
                found.kept |= set(kept)
                await self._put_aside(run, kept, told.began)
        return found

    async def _put_aside(self, run: Run, ids: Sequence[str], began: int) -> None:
        """Into the failed queue: records that were asked for, are there, and did not come."""
        if not ids:
            return
        reason = "the source has it and did not hand it over when it was asked for it by its id"
        async with self.committing(run) as (conn, step):
            missed = [failed.unusable(id, reason, None) for id in ids]
            await failed.put(conn, self.origin(run, began), run.entity, missed)
            step.stored.failed = len(missed)

    async def distrust(self, run: Run, ids: Sequence[str]) -> None:
        """Makes the next read of these records write them, even if what is stored says it is the same."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await self.held.hold(conn)
            await page.distrust(conn, run.shape, ids, self.origin(run, 0))

    async def vanish(
        self, run: Run, ids: Sequence[str], began: int, *, noticed: str, requests: int = 0
    ) -> None:
        """Moves records that the source does not have any more to headwater.gone, in one commit. What names
        them is due then: they may have been merged."""
        read = await state.enabled(self.warehouse, self.link.tenant, self.link.id, list(self.source.entities))
        async with self.committing(run) as (conn, step):
            origin = self.origin(run, began)
            step.requests = requests
            step.stored.deleted = await page.vanish(conn, run.shape, ids, origin, noticed=noticed)
            if step.stored.deleted:
                specs = [self.source.entities[name] for name in read]
                await mentions.due(conn, specs, run.entity, ids, origin)

    @asynccontextmanager
    async def committing(self, run: Run) -> AsyncIterator[tuple[Connection, Step]]:
        """One commit of something other than an answer; what its step says then counts for the run."""
        step = Step(run, run.cursor)
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await self.held.hold(conn)
            yield conn, step
            await self._advance(conn, step)
        self._taken(step)

    async def finish(self, run: Run, cursor: Cursor, *, status: str = "complete") -> None:
        """Closes a run that did all it was for."""
        await self._close(
            run.entity, run.number, run.reading.sync_type, run.notes, cursor=cursor, status=status
        )
        LOGGER.info(
            "run complete", connection=self.link.slug, entity=run.entity, run=run.number, read=run.read,
            new=run.stored.created, changed=run.stored.updated, gone=run.stored.deleted,
            failed=run.stored.failed, requests=run.requests,
        )  # fmt: skip

    @asynccontextmanager
    async def failing(self, runs: Sequence[Run]) -> AsyncIterator[None]:
        """What goes wrong inside is written into the runs; cursors stay after the last committed page. Runs
        that rest are neither over nor wrong."""
        try:
            yield
        except Rest:
            for run in runs:
                run.rests = True
                await state.rest(
                    self.warehouse, self.link.tenant, self.link.id,
                    run=run.number, notes=run.notes, now=self.clock.now(),
                )  # fmt: skip
                LOGGER.info("run rests", connection=self.link.slug, entity=run.entity, run=run.number)
            raise
        except (HeadwaterError, asyncio.CancelledError) as exc:
            words = str(exc) or "stopped before its end"
            with suppress(StopSync):  # whoever took the connection over has closed our runs
                for run in runs:
                    await self._close(run.entity, run.number, run.reading.sync_type, run.notes, error=words)
            raise

    async def _close(
        self,
        entity: str,
        number: int,
        sync_type: str,
        notes: Mapping[str, Any],
        *,
        cursor: Cursor | None = None,
        error: str | None = None,
        status: str = "complete",
    ) -> None:
        """Closes a run in the log, and counts it."""
        seconds = await state.finish(
            self.warehouse, self.link.tenant, self.link.id, entity, run=number, sync_type=sync_type,
            cursor=None if cursor is None else cursor.dump(), until=None if cursor is None else cursor.until,
            notes=notes, error=error, now=self.clock.now(), status=status, hold=self.held.hold,
        )  # fmt: skip
        ended = "completed" if error is None else "failed"
        tally.add(RUNS, connection=self.link.slug, entity=entity, type=sync_type, status=ended)
        tally.observe(RUN_SECONDS, seconds, connection=self.link.slug, type=sync_type)

    def _taken(self, step: Step) -> None:
        """A commit succeeded: it counts."""
        step.taken()
        for what in ("created", "updated", "deleted", "failed"):
            count = getattr(step.stored, what)
            tally.add(WRITTEN, count, connection=self.link.slug, entity=step.run.entity, what=what)

    def origin(self, run: Run, began: int) -> Origin:
        return Origin(self.link.tenant, self.link.id, run.number, began, run.seen_by, self.clock.now())

    async def _advance(self, conn: Connection, step: Step) -> None:
        await state.advance(
            conn, self.link.tenant, self.link.id, step.run.entity,
            run=step.run.number, cursor=step.cursor.dump(), read_records=step.read,
            full=step.run.reading.sync_type == "full" and not step.due, stored=step.stored,
            requests=step.requests, notes=step.run.notes,
        )  # fmt: skip


@asynccontextmanager
async def opened(
    warehouse: Warehouse,
    clock: Clock,
    link: Link,
    source: Source,
    *,
    report: Report,
    surveys: Surveys | None = None,
    enough: Callable[[], bool] = lambda: False,
    vault: Vault | None = None,
) -> AsyncIterator[Session]:
    """Takes the connection. Raises RetryLater when another process holds it. The vault opens the digests of
    people who were erased."""
    now = clock.now()
    with log.bound(tenant=str(link.tenant), connection=link.slug):
        async with lease.taken(warehouse, link.tenant, link.id, now=now) as held:
            await state.ensure_history(warehouse, link.tenant, now)
            keeping = await privacy.read(warehouse, link.tenant, link.id)
            session = Session(
                warehouse, clock, link, source, held, report, keeping, surveys or Surveys(), enough,
                erased=await erased.read(warehouse, vault, link),
            )  # fmt: skip
            await session.erase_what_is_marked()
            yield session


async def _store_part(conn: Connection, run: Run, part: Part, found: Sorted, origin: Origin) -> Stored:
    stored = await page.store(conn, run.shape, found.made, origin)
    for record in found.made:
        for misfit in record.misfits:
            run.note(misfit.field, misfit.reason, record.id)
    unread = [failed.unusable(u.id, u.reason, run.shape.cut(u.raw)) for u in part.unread]
    failures = [*found.failures, *unread]
    await failed.put(conn, origin, run.entity, failures)
    stored.failed += len(failures)
    return stored


def strange_in(shape: Shape, part: Part) -> set[str]:
    """Keys of an answer's records that hold something and that no known field has."""
    unknown = [(one, one.keys() - shape.keys) for one in part.records if not one.keys() <= shape.keys]
    return {key for one, keys in unknown for key in keys if one[key] not in NOTHING}


def ids_in(source: Source, entity: str, part: Part) -> set[str]:
    """The ids an answer speaks of, also those whose record it could not hand over."""
    told = {one.id for one in part.unread if one.id is not None}
    for record in part.records:
        with suppress(SkipRecord):
            told.add(source.id_of(entity, record))
    return told
