"""Reconciliation: what the source has against what is stored, both ways; repairs, and a certificate."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

import orjson

from headwater.core import log
from headwater.core.errors import NeedsPerson, SkipRecord, Unfit
from headwater.core.model import Account, Page, PrivacyMode, Row, Span, Survey, Text
from headwater.core.ports import Clock, Source
from headwater.sync import children, healing, session
from headwater.sync.ahead import ahead
from headwater.sync.certificate import EXAMPLES, Alarm, Certificate, Mismatch
from headwater.sync.compare import differences_of, moment
from headwater.sync.known import learnt
from headwater.sync.plan import Cursor, Reading
from headwater.sync.runs import Run, sort
from headwater.sync.session import AT_ONCE, Session
from headwater.warehouse import certificates, crm, erasing, page, sets, state
from headwater.warehouse.compared import Stored
from headwater.warehouse.connections import Link
from headwater.warehouse.pairs import Pairs
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rows import Made
from headwater.warehouse.state import State
from headwater.warehouse.vault import Vault

LOGGER = log.get("sync")
SAMPLE = 1_000
FEW = 20  # so many deletions are never suspicious
SHARE = 0.05  # of what is stored: more that vanish at once look like a loss of rights
DEAR = 100  # of a sample, where each record takes a command of its own
PROBED = 100  # of a suspicious number, that are asked for one by one

Progress = Callable[[str, int], None]
"""Told what is being done (pairs, repair, sample) and how many records were read in it so far."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to reconcile: size and seed of the sample; whether suspiciously many deletions are applied."""

    seed: int
    sample: int = SAMPLE
    accept_deletions: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, and the number and time it is kept under; `run` is the one it was found in."""

    number: int
    issued_at: datetime
    certificate: Certificate
    run: int


async def reconcile(
    warehouse: Warehouse,
    clock: Clock,
    link: Link,
    source: Source,
    terms: Terms,
    *,
    entities: Sequence[str] | None = None,
    progress: Progress | None = None,
    vault: Vault | None = None,
) -> list[Issued]:
    """Compares entities with their source, repairs what is wrong, and issues a certificate for each.

    Reads (id, times) pairs of everything; reads again by id what is missing, stale or torn; asks about each
    record that is here and not there; compares a random sample field by field. A number of deletions that
    looks like a loss of rights is told and not applied. Without `entities`, all that are switched on.
    """
    told = progress or (lambda *_: None)
    async with session.opened(warehouse, clock, link, source, report=lambda _: None, vault=vault) as held:
        await learnt(source, entities or ())
        names = await state.enabled(warehouse, link.tenant, link.id, list(entities or source.entities))
        if not entities:
            paused = [name for name in names if (await held.state(name)).status == "paused"]
            names = [name for name in names if name not in paused]
        states = {name: await held.state(name) for name in names}
        cursors = {name: Cursor.load(states[name].cursor) for name in names}
        until = {name: cursor.until for name, cursor in cursors.items() if cursor.until is not None}
        if never := [name for name in names if name not in until]:
            raise NeedsPerson(f"{link.slug}: {', '.join(never)} were never read whole; sync first")
        survey = await held.survey(names, states, account=True)
        return [
            await _reconciled(held, survey, name, states[name], until[name], terms, told) for name in names
        ]


async def _reconciled(
    held: Session, survey: Survey, entity: str, known: State, until: datetime, terms: Terms, told: Progress
) -> Issued:
    if entity in survey.refused:
        raise NeedsPerson(f"{held.link.slug}: {entity} may not be read: {survey.refused[entity]}")
    reading = Reading("reconcile", Cursor.load(known.cursor), fresh=True)
    run = await held.open(survey, entity, reading, known, seen_by="reconcile")
    work = _Work(held, run, terms, until, told)
    if survey.account is not None:
        work.look_at_rights(survey.account)
    async with held.failing([run]):
        number = await work.done(Span(entity, "pairs", upto=survey.newest[entity]))
        await held.finish(run, run.cursor, status=known.status)
    return Issued(number, held.clock.now(), work.found, run.number)


class _Work:
    """One reconciliation under way."""

    def __init__(self, held: Session, run: Run, terms: Terms, until: datetime, progress: Progress) -> None:
        self.held = held
        self.run = run
        self.terms = terms
        self.until = until
        self.progress = progress
        self.pairs = Pairs(held.warehouse, held.link.tenant, held.link.id, run.shape)
        self.found = Certificate(
            held.link.slug, held.link.portal, run.entity, complete_to=until, seed=terms.seed
        )
        mode, shape = held.keeping.mode, run.shape
        self.found.not_kept = [one.name for one in shape.fields if not mode.keeps(one.privacy)]
        self.tellable = erasing.tellable(shape.columns, shape.spec, schema=shape.schema)
        self.requests = 0
        self.told: set[str] = set()
        """Ids that are counted as wrong already."""

    async def done(self, whole: Span) -> int:
        """Does all of it; returns the number of the certificate."""
        began, found = time.monotonic(), self.found
        await self._retry()
        since = await self._read_pairs(whole)
        counted = await self.pairs.count()
        found.in_source, found.stored_before = counted.in_source, counted.stored
        differing = await self.pairs.differing(since=since, until=self.until)
        for kind, ids in differing.items():
            found.examples[kind] = ids[:EXAMPLES]
        found.missing += len(differing.get("missing", ()))
        found.extra += len(differing.get("extra", ()))
        found.stale += len(differing.get("stale", ()))
        found.torn = len(differing.get("torn", ()))
        found.recent = len(differing.get("recent", ()))
        LOGGER.info(
            "compared with the source", entity=self.run.entity, in_source=found.in_source,
            stored=found.stored_before, missing=found.missing, extra=found.extra, stale=found.stale,
            torn=found.torn, recent=found.recent,
        )  # fmt: skip
        wrong = [id for kind in ("missing", "stale", "torn") for id in differing.get(kind, ())]
        self.told.update(wrong)
        for at in range(0, len(wrong), AT_ONCE):
            await self.held.distrust(self.run, wrong[at : at + AT_ONCE])
        await self._repair(wrong)
        found.repaired = self.run.stored.created + self.run.stored.updated
        await self._repair(differing.get("recent", []))
        if differing.get("extra"):  # rights may have been lost since the survey
            self.look_at_rights(await self.held.source.check())
            self.requests += 1
        await self._remove(differing.get("extra", []))
        await children.read(self.held, self.run)
        await self._compare_sample()
        if found.mismatched and found.sampled < found.in_source:
            await self._compare_all(whole)
        found.failed = await self.pairs.failed(run=self.run.number)
        await self.pairs.clear()
        return await self._issue(began)

    async def _retry(self) -> None:
        """Reads what is due of the failed queue; what is otherwise than it was stored was wrong."""
        await healing.retry(self.held, self.run)
        found, stored = self.found, self.run.stored
        found.missing, found.stale, found.extra = stored.created, stored.updated, stored.deleted
        found.deleted = stored.deleted

    async def _read_pairs(self, whole: Span) -> int:
        """Keeps the pairs of the source and returns the read number of the first page."""
        await self.pairs.clear()
        digest, since = blake2b(digest_size=16), 0
        spec = self.run.shape.spec
        async with ahead(self.held.source.pairs([whole])) as answers:
            async for answer in answers:
                since = since or answer.began
                self.requests += answer.requests
                kept = self._kept(answer)
                for id, row in kept.items():
                    told = [id, *(str(row.get(clock)) for clock in spec.clocks)]
                    digest.update("\t".join(told).encode() + b"\n")
                times = {id: [self._moment(c, row) for c in self.pairs.clocks] for id, row in kept.items()}
                await self.pairs.put(times, began=answer.began)
                self.found.in_source += len(kept)
                self.progress("pairs", self.found.in_source)
        self.found.pairs_hash = digest.hexdigest()
        return since

    def _kept(self, answer: Page) -> dict[str, Row]:
        """The pairs of an answer by their ids; those without a usable one are counted."""
        kept: dict[str, Row] = {}
        for part in answer.parts:
            self.found.unreadable += len(part.unread)
            for row in part.records:
                try:
                    kept[self.run.shape.id_of(row)] = row
                except SkipRecord:
                    self.found.unreadable += 1
        return kept

    def _moment(self, clock: str, row: Row) -> Text:
        """The time as it would be stored: none when it does not fit its column."""
        value = row.get(clock)
        try:
            return None if value is None else self.run.shape.decode[clock](value)
        except Unfit:
            return None

    async def _repair(self, ids: Sequence[str]) -> None:
        if ids:
            reread = await self.held.reread(self.run, ids, noticed="reconcile")
            self.found.hidden += len(reread.hidden)
            self.progress("repair", len(ids))

    def look_at_rights(self, account: Account) -> None:
        """What the connection's person may not see, and what he may not see any more."""
        had = self.held.link.account
        self.found.rights = list(account.missing)
        lost = [scope for scope in had.get("scopes", ()) if scope not in account.scopes]
        self.found.alarms = [Alarm("scope_lost", {"scope": scope}) for scope in lost]
        if had.get("admin") and not account.admin:
            self.found.alarms.append(Alarm("admin_lost", {"person": account.person}))

    async def _remove(self, extra: Sequence[str]) -> None:
        """Asks about records that are here and not in the source's list, and lets the vanished ones go."""
        if not extra:
            return
        found = self.found
        many = len(extra) > max(FEW, SHARE * found.stored_before)
        withhold = not self.terms.accept_deletions and (many or bool(found.alarms))
        asked = extra[:PROBED] if withhold else extra
        before = self.run.stored.deleted
        reread = await self.held.reread(self.run, asked, noticed="reconcile", withhold=withhold)
        found.deleted += self.run.stored.deleted - before
        if not withhold:
            found.hidden += len(reread.hidden)
        else:
            found.withheld = len(extra) - len(reread.here)
            facts = {
                "extra": len(extra), "stored": found.stored_before, "asked": len(asked),
                "gone": len(reread.gone), "hidden": len(reread.hidden),
            }  # fmt: skip
            found.alarms.append(Alarm("many_gone", facts))
        self.progress("repair", len(extra))

    async def _compare_sample(self) -> None:
        """Compares a random sample field by field."""
        ids = await self.pairs.sample(seed=self.terms.seed, size=self.terms.sample)
        for at in range(0, len(ids), AT_ONCE):
            async for answer in self.held.source.by_ids(self.run.entity, ids[at : at + AT_ONCE]):
                self.found.sampled += await self._compare(answer)
                self.progress("sample", self.found.sampled)
        await self._compare_sets(ids)

    async def _compare_sets(self, ids: Sequence[str]) -> None:
        """Compares what belongs to sampled records; what is wrong is written again."""
        link = self.held.link
        for spec in self.run.shape.spec.asked:
            if not await state.enabled(self.held.warehouse, link.tenant, link.id, [spec.slug]):
                continue
            few = ids if spec.at_once is None else ids[:DEAR]
            doubt = False
            async for answer in self.held.source.sets(spec.slug, few):
                self.requests += answer.requests
                if answer.doubt:  # nothing of this reading was told before
                    doubt = True
                    continue
                async with self.held.warehouse.acting_for(link.tenant) as conn:
                    origin = self.held.origin(self.run, answer.began)
                    waiting = await sets.waiting(conn, spec, list(answer.sets), origin)
                    kept = self.held.kept_of(spec, answer.sets)
                    known = {id: rows for id, rows in kept.items() if id not in waiting}
                    wrong = await sets.drifted(conn, spec, known, origin)
                ids_wrong = [id for id, _, _ in wrong]
                self.found.mismatched += len({*ids_wrong} - self.told)
                self.told.update(ids_wrong)
                table, mode = crm.SETS[spec.table], self.held.keeping.mode
                self.found.mismatches += [
                    Mismatch(id, spec.slug, *(table.cut(orjson.loads(rows), mode) for rows in (there, here)))
                    for id, here, there in wrong
                ][: EXAMPLES - len(self.found.mismatches)]
                if wrong:
                    async with self.held.committing(self.run) as (conn, _):
                        await sets.distrust(conn, spec, ids_wrong, self.held.origin(self.run, 0))
            if doubt:
                await children.start_over(self.held, self.run, spec)
        await children.read(self.held, self.run)

    async def _compare_all(self, whole: Span) -> None:
        """Where a sample differs, others will: compares every record field by field."""
        LOGGER.warning("the sample differs, comparing everything", entity=self.run.entity)
        async with ahead(self.held.source.pages([whole])) as answers:
            async for answer in answers:
                self.found.deepened += await self._compare(answer)
                self.progress("sample", self.found.deepened)

    async def _compare(self, answer: Page) -> int:
        """Compares what an answer brought with what is stored, and mends what its times did not betray; how
        many records were compared."""
        records = [record for part in answer.parts for record in part.records]
        compared, wrong = await self._wrong_of(records)
        if wrong:
            await self.held.distrust(self.run, wrong)
        await self.held.store(await self.held.ready([self.run], answer))
        return compared

    async def _wrong_of(self, records: Sequence[Row]) -> tuple[int, list[str]]:
        """Notes what differs between records and stored rows: how many were compared, and the ids of those
        that have to be written again."""
        shape = self.run.shape
        stored = Stored(
            self.held.warehouse, self.held.link.tenant, self.held.link.id,
            schema=shape.schema, spec=shape.spec, key_column=shape.key_column,
        )  # fmt: skip
        place = {column.field: column for column in shape.columns if column.live}
        made = sort(shape, records).made
        rows = await stored.rows([one.id for one in made])
        compared = [one for one in made if one.id in rows and not self._is_recent(one, rows[one.id][0])]
        mismatches = [
            Mismatch(one.id, *difference)
            for one in compared
            for difference in differences_of(one.record, rows[one.id], shape.spec, shape.fields, place)
        ]
        seen = {mismatch.id for mismatch in mismatches}
        async with self.held.warehouse.acting_for(self.held.link.tenant) as conn:
            origin = self.held.origin(self.run, 0)
            drift = await page.drifted(conn, shape, compared, origin)
        mismatches += [
            Mismatch(id, column, orjson.loads(new), orjson.loads(old))
            for id, column, old, new in drift
            if id not in seen
        ]
        wrong = sorted({mismatch.id for mismatch in mismatches})
        self.found.compared_fields += len(compared) * len(shape.fields)
        self.found.mismatched += len({*wrong} - self.told)
        self.told.update(wrong)
        examples = mismatches[: EXAMPLES - len(self.found.mismatches)]
        self.found.mismatches += [self._tellable(one) for one in examples]
        return len(compared), wrong

    def _tellable(self, one: Mismatch) -> Mismatch:
        """Without the values of what is not kept: somebody else put them here."""
        if self.held.keeping.mode is PrivacyMode.FULL or one.field in self.tellable:
            return one
        return replace(one, in_source=None, stored=None)

    def _is_recent(self, one: Made, stored: str) -> bool:
        """Whether the record changed after the window that is said to be complete: it is not the one that was
        stored last, a time of it lies there and is not the one that is stored (a typed row, as JSON)."""
        known = orjson.loads(stored)
        if known["_version"] == one.version:
            return False
        for clock, column in self.pairs.clocks.items():
            text = self._moment(clock, one.record)
            if text is None or moment(text) <= self.until:
                continue
            if known[column] is None or moment(known[column]) != moment(text):
                return True
        return False

    async def _issue(self, began: float) -> int:
        counted = await self.pairs.count()
        found = self.found
        found.stored_after = counted.stored
        found.requests = self.requests + self.run.requests
        found.seconds = round(time.monotonic() - began, 3)
        link = self.held.link
        async with self.held.warehouse.acting_for(link.tenant) as conn:
            await self.held.held.hold(conn)
            number = await certificates.put(
                conn, link, self.run.entity, run=self.run.number, verdict=found.verdict, body=found.body(),
                stored=found.stored_after, in_source=found.in_source, now=self.held.clock.now(),
            )  # fmt: skip
        LOGGER.info("certificate issued", entity=self.run.entity, number=number, verdict=found.verdict)
        return number
