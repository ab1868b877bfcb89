"""Reads a connection's entities into the warehouse, page by page, each page one commit."""

import asyncio
from collections.abc import Callable, Sequence
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
    read: int = 0
    requests: int = 0
    stored: Stored = field(default_factory=Stored)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, field_name: str, reason: str, example: str) -> None:
        """A value that is not in its column: told once per field and run, with a count and an example."""
        known = self.notes.setdefault(field_name, {"reason": reason, "count": 0, "example": example})
        known["count"] += 1


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
        survey = await source.survey(names, count=counting)
        runs = [await self._begin(link, source, survey, name, states[name], full=full) for name in names]
        try:
            spans = [span for run in runs for span in run.cursor.spans]
            async for answer in source.pages(spans):
                await self._store(link, held, runs, answer)
            await self._finish(link, runs)
        except (HeadwaterError, asyncio.CancelledError) as exc:
            await self._fail(link, runs, exc)
        return runs

    async def _begin(
        self, link: Link, source: Source, survey: Survey, name: str, known: State, *, full: bool
    ) -> Run:
        spec = source.entities[name]
        now = self.clock.now()
        columns = await typed.ensure(
            self.warehouse, link.tenant, link.id, spec, survey.fields[name],
            schema=link.slug, key_column=source.key_column, now=now,
        )  # fmt: skip
        shape = Shape(
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
        cursor = Cursor.load(known.cursor)
        reading = plan.decide(spec, cursor, now=survey.now, newest=survey.newest[name], full=full)
        number = await state.begin(
            self.warehouse, link.tenant, link.id, name,
            sync_type=reading.sync_type, cursor=reading.cursor.dump(),
            fresh=reading.fresh and reading.sync_type == "full",
            source_records=survey.totals.get(name), now=now,
        )  # fmt: skip
        LOGGER.info(
            "run begins", connection=link.slug, entity=name, run=number, sync=reading.sync_type,
            fresh=reading.fresh, fields=len(survey.fields[name]),
        )  # fmt: skip
        full_read = reading.sync_type == "full"
        return Run(
            name, number, reading, reading.cursor, shape,
            expected=survey.totals.get(name) if full_read else None,
            before=0 if reading.fresh or not full_read else known.synced_records,
        )  # fmt: skip

    async def _store(self, link: Link, held: Lease, runs: Sequence[Run], answer: Page) -> None:
        """One answer, one commit: rows, history, failures, cursor, counters; the counters last."""
        by_entity = {run.entity: run for run in runs}
        sorted_parts = [(by_entity[part.span.entity], part) for part in answer.parts]
        ready = [(run, part, sort(run.shape, part.records)) for run, part in sorted_parts]
        now = self.clock.now()
        steps: dict[str, tuple[Cursor, int, Stored]] = {}
        async with self.warehouse.acting_for(link.tenant) as conn:
            await held.hold(conn)
            for run, part, found in ready:
                origin = Origin(link.tenant, link.id, run.number, answer.began, "poll", now)
                stored = await self._store_part(conn, run, part, found, origin)
                cursor, read, total = steps.get(run.entity, (run.cursor, 0, Stored()))
                total.add(stored)
                steps[run.entity] = (
                    cursor.advanced(part.span, done=part.done), read + len(part.records), total
                )  # fmt: skip
            for position, (entity, (cursor, read, total)) in enumerate(sorted(steps.items())):
                run = by_entity[entity]
                await state.advance(
                    conn, link.tenant, link.id, entity,
                    run=run.number, cursor=cursor.dump(), read_records=read,
                    full=run.reading.sync_type == "full", stored=total,
                    requests=answer.requests if position == 0 else 0, notes=run.notes,
                )  # fmt: skip
        for position, (entity, (cursor, read, total)) in enumerate(sorted(steps.items())):
            run = by_entity[entity]
            run.cursor = cursor
            run.read += read
            run.stored.add(total)
            run.requests += answer.requests if position == 0 else 0
            LOGGER.debug(
                "page stored", connection=link.slug, entity=entity, rows=read,
                new=total.created, changed=total.updated, failed=total.failed,
            )  # fmt: skip
            self.report(run)

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

    async def _finish(self, link: Link, runs: Sequence[Run]) -> None:
        for run in runs:
            cursor = run.cursor.finished()
            _weigh(run)
            await state.finish(
                self.warehouse, link.tenant, link.id, run.entity,
                run=run.number, sync_type=run.reading.sync_type, cursor=cursor.dump(), until=cursor.until,
                notes=run.notes, error=None, now=self.clock.now(),
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
