"""Reads a connection's entities into the warehouse, page by page, each page one commit."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from headwater.core import log
from headwater.core.errors import HeadwaterError, SkipRecord
from headwater.core.model import Page, Part, Row, Survey
from headwater.core.ports import Clock, Source
from headwater.sync import plan
from headwater.sync.plan import Cursor, Reading
from headwater.warehouse import failed, lease, page, state, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.failed import Failure
from headwater.warehouse.lease import Lease
from headwater.warehouse.origin import Origin
from headwater.warehouse.page import Stored
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.rows import Made, Shape, make
from headwater.warehouse.state import State

LOGGER = log.get("sync")
ALL_RECORDS = "(all records)"  # among the notes of fields: what concerns the read as a whole


@dataclass(slots=True)
class Run:
    """One entity in one run: what is read, how far it is, what became of it.

    `before` counts what the same full read had stored before it was cut.
    """

    entity: str
    number: int
    reading: Reading
    cursor: Cursor
    shape: Shape
    expected: int | None
    before: int = 0
    seen_by: str = "poll"
    read: int = 0
    requests: int = 0
    stored: Stored = field(default_factory=Stored)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, field_name: str, reason: str, example: str) -> None:
        """A value that is not in its column: told once per field and run, with a count and an example."""
        known = self.notes.setdefault(field_name, {"reason": reason, "count": 0, "example": example})
        known["count"] += 1


@dataclass(slots=True)
class Step:
    """What one answer does to one run; it counts once the answer is committed."""

    run: Run
    cursor: Cursor
    read: int = 0
    requests: int = 0
    stored: Stored = field(default_factory=Stored)

    def taken(self) -> None:
        """The commit succeeded."""
        self.run.cursor = self.cursor
        self.run.read += self.read
        self.run.requests += self.requests
        self.run.stored.add(self.stored)


Report = Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class Sorted:
    """The records of a part: rows to store, and those that cannot become rows. Ids are unique."""

    made: Sequence[Made]
    failures: Sequence[Failure]


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
        now = self.clock.now()
        async with lease.taken(self.warehouse, link.tenant, link.id, now=now) as held:
            await state.ensure_history(self.warehouse, link.tenant, now)
            runs = await self._once(link, source, held, names, full=full)
            if any(not run.reading.fresh for run in runs):
                runs = await self._once(link, source, held, names, full=False)
            return runs

    async def _once(
        self, link: Link, source: Source, held: Lease, names: Sequence[str], *, full: bool
    ) -> list[Run]:
        states = {name: await state.read(self.warehouse, link.tenant, link.id, name) for name in names}
        cursors = {name: Cursor.load(states[name].cursor) for name in names}
        counting = any(full or cursor.until is None for cursor in cursors.values())
        survey = await self._survey(link, source, names, states, count=counting)
        runs = [await self._begin(link, source, survey, name, states[name], full=full) for name in names]
        try:
            spans = [span for run in runs for span in run.cursor.spans]
            async for answer in source.pages(spans):
                await self._store(link, held, runs, answer)
            await self._finish(link, runs)
        except (HeadwaterError, asyncio.CancelledError) as exc:
            await self._fail(link, runs, exc)
        return runs

    async def sync_ids(self, link: Link, source: Source, entity: str, ids: Sequence[str]) -> Run:
        """Reads these records again, whatever their times say. Those the source does not have any more
        move to headwater.gone."""
        now = self.clock.now()
        async with lease.taken(self.warehouse, link.tenant, link.id, now=now) as held:
            await state.ensure_history(self.warehouse, link.tenant, now)
            known = await state.read(self.warehouse, link.tenant, link.id, entity)
            survey = await self._survey(link, source, [entity], {entity: known})
            reading = Reading("ids", Cursor.load(known.cursor), fresh=True)
            shape = await self._shape(link, source, survey, entity)
            run = await self._open(link, entity, shape, reading, known)
            run.seen_by = "event"
            found: set[str] = set()
            began = None
            try:
                async for answer in source.by_ids(entity, ids):
                    began = began or answer.began
                    found |= {str(id) for part in answer.parts for id in _ids(source, entity, part)}
                    await self._store(link, held, [run], answer)
                if began is not None:
                    await self._vanish(link, held, run, [id for id in ids if id not in found], began)
                await self._finish(link, [run], status=known.status)
            except (HeadwaterError, asyncio.CancelledError) as exc:
                await self._fail(link, [run], exc)
            return run

    async def _vanish(self, link: Link, held: Lease, run: Run, ids: Sequence[str], began: int) -> None:
        origin = Origin(link.tenant, link.id, run.number, began, run.seen_by, self.clock.now())
        step = Step(run, run.cursor)
        async with self.warehouse.acting_for(link.tenant) as conn:
            await held.hold(conn)
            step.stored.deleted = await page.vanish(conn, run.shape, ids, origin, noticed="event")
            await self._advance(conn, link, step)
        step.taken()

    async def _survey(
        self,
        link: Link,
        source: Source,
        names: Sequence[str],
        states: Mapping[str, State],
        *,
        count: bool = False,
    ) -> Survey:
        """The state of the account. A portal that does not even answer that is a failed run, too."""
        try:
            return await source.survey(names, count=count)
        except HeadwaterError as exc:
            for name in names:
                kept = Cursor.load(states[name].cursor)
                sync_type = "full" if kept.until is None else "incremental"
                number = await state.begin(
                    self.warehouse, link.tenant, link.id, name, sync_type=sync_type,
                    cursor=kept.dump(), fresh=False, source_records=None, now=self.clock.now(),
                )  # fmt: skip
                await state.finish(
                    self.warehouse, link.tenant, link.id, name, run=number, sync_type=sync_type,
                    cursor=None, until=None, notes={}, error=str(exc), now=self.clock.now(),
                )  # fmt: skip
            raise

    async def _begin(
        self, link: Link, source: Source, survey: Survey, name: str, known: State, *, full: bool
    ) -> Run:
        shape = await self._shape(link, source, survey, name)
        cursor = Cursor.load(known.cursor)
        spec = source.entities[name]
        reading = plan.decide(spec, cursor, now=survey.now, newest=survey.newest[name], full=full)
        return await self._open(link, name, shape, reading, known, total=survey.totals.get(name))

    async def _shape(self, link: Link, source: Source, survey: Survey, name: str) -> Shape:
        """How records of an entity become rows, after its typed table was made to fit its fields."""
        spec = source.entities[name]
        now = self.clock.now()
        columns = await typed.ensure(
            self.warehouse, link.tenant, link.id, spec, survey.fields[name],
            schema=link.slug, key_column=source.key_column, now=now,
        )  # fmt: skip
        return Shape(
            source=source.name,
            key_column=source.key_column,
            spec=spec,
            schema=link.slug,
            fields=survey.fields[name],
            columns=columns,
            decode={one.name: source.decoder(one) for one in survey.fields[name]},
            id_of=lambda row: source.id_of(name, row),
            currency=survey.currency,
        )

    async def _open(
        self, link: Link, name: str, shape: Shape, reading: Reading, known: State, *, total: int | None = None
    ) -> Run:
        full = reading.sync_type == "full"
        number = await state.begin(
            self.warehouse, link.tenant, link.id, name,
            sync_type=reading.sync_type, cursor=reading.cursor.dump(), fresh=reading.fresh and full,
            source_records=total, now=self.clock.now(),
        )  # fmt: skip
        LOGGER.info(
            "run begins", connection=link.slug, entity=name, run=number, sync=reading.sync_type,
            fresh=reading.fresh, fields=len(shape.fields),
        )  # fmt: skip
        return Run(
            name, number, reading, reading.cursor, shape,
            expected=total if full else None,
            before=0 if reading.fresh or not full else known.synced_records,
        )  # fmt: skip

    async def _store(self, link: Link, held: Lease, runs: Sequence[Run], answer: Page) -> None:
        """One answer, one commit: rows, history, failures, cursor, counters; the counters last."""
        by_entity = {run.entity: run for run in runs}
        parts = [(by_entity[part.span.entity], part) for part in answer.parts]
        ready = [(run, part, sort(run.shape, part.records)) for run, part in parts]
        steps = {run.entity: Step(run, run.cursor) for run, _ in parts}
        next(iter(steps.values())).requests = answer.requests
        now = self.clock.now()
        async with self.warehouse.acting_for(link.tenant) as conn:
            await held.hold(conn)
            for run, part, found in ready:
                origin = Origin(link.tenant, link.id, run.number, answer.began, run.seen_by, now)
                step = steps[run.entity]
                step.stored.add(await self._store_part(conn, run, part, found, origin))
                step.cursor = step.cursor.advanced(part.span, done=part.done)
                step.read += len(part.records)
            for step in sorted(steps.values(), key=lambda step: step.run.entity):
                await self._advance(conn, link, step)
        for step in steps.values():
            step.taken()
            LOGGER.debug(
                "page stored", connection=link.slug, entity=step.run.entity, rows=step.read,
                new=step.stored.created, changed=step.stored.updated, failed=step.stored.failed,
            )  # fmt: skip
            self.report(step.run)

    async def _advance(self, conn: Connection, link: Link, step: Step) -> None:
        await state.advance(
            conn, link.tenant, link.id, step.run.entity,
            run=step.run.number, cursor=step.cursor.dump(), read_records=step.read,
            full=step.run.reading.sync_type == "full", stored=step.stored,
            requests=step.requests, notes=step.run.notes,
        )  # fmt: skip

    async def _store_part(
        self, conn: Connection, run: Run, part: Part, found: Sorted, origin: Origin
    ) -> Stored:
        stored = await page.store(conn, run.shape, found.made, origin)
        for record in found.made:
            for misfit in record.misfits:
                run.note(misfit.field, misfit.reason, record.id)
        failures = [*found.failures, *(failed.unusable(u.id, u.reason, u.raw) for u in part.unread)]
        await failed.put(conn, origin, run.entity, failures)
        stored.failed += len(failures)
        return stored

    async def _finish(self, link: Link, runs: Sequence[Run], *, status: str = "complete") -> None:
        for run in runs:
            whole = run.reading.sync_type != "ids"
            cursor = run.cursor.finished() if whole else run.cursor
            _weigh(run)
            await state.finish(
                self.warehouse, link.tenant, link.id, run.entity,
                run=run.number, sync_type=run.reading.sync_type, cursor=cursor.dump(), until=cursor.until,
                status=status, notes=run.notes, error=None, now=self.clock.now(),
            )  # fmt: skip
            LOGGER.info(
                "run complete", connection=link.slug, entity=run.entity, run=run.number, read=run.read,
                new=run.stored.created, changed=run.stored.updated, failed=run.stored.failed,
                requests=run.requests,
            )  # fmt: skip

    async def _fail(self, link: Link, runs: Sequence[Run], exc: BaseException) -> NoReturn:
        """Keeps the reason; the cursor stays after the last committed page."""
        words = str(exc) or "stopped before its end"
        for run in runs:
            await state.finish(
                self.warehouse, link.tenant, link.id, run.entity,
                run=run.number, sync_type=run.reading.sync_type, cursor=None, until=None,
                notes=run.notes, error=words, now=self.clock.now(),
            )  # fmt: skip
        raise exc


def sort(shape: Shape, records: Sequence[Row]) -> Sorted:
    """Rows of the records, and what cannot become rows, each with its reason."""
    made: dict[str, Made] = {}
    failures: list[Failure] = []
    for record in records:
        try:
            one = make(shape, record)
        except SkipRecord as why:
            failures.append(failed.unusable(None, str(why), record))
            continue
        except RecursionError:
            failures.append(failed.unusable(None, "the record is nested too deeply", None))
            continue
        twin = made.get(one.id)
        if twin is not None and twin.version != one.version:
            reason = (
                "the source gave this id twice in one answer, with different content; the later one is stored"
            )
            failures.append(failed.unusable(one.id, reason, twin.record))
        made[one.id] = one
    return Sorted(list(made.values()), failures)


def _weigh(run: Run) -> None:
    """A full read that brought another number of records than the source counts is told."""
    read = run.before + run.read
    if run.expected is not None and read != run.expected:
        reason = f"the source counted {run.expected}, {read} were read: a change meanwhile, or a loss"
        run.notes[ALL_RECORDS] = {"reason": reason, "count": abs(run.expected - read), "example": "–"}
        LOGGER.warning("total does not add up", entity=run.entity, counted=run.expected, read=read)


def _ids(source: Source, entity: str, part: Part) -> list[str]:
    """The ids an answer speaks of, also those whose record it could not hand over."""
    told = [one.id for one in part.unread if one.id is not None]
    for record in part.records:
        with suppress(SkipRecord):
            told.append(source.id_of(entity, record))
    return told
