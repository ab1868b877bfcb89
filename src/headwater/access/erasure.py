"""Erasing one person: found, taken out of every table and log, kept out, and searched for afterwards."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson

from headwater import __version__
from headwater.access.audit import Action, logged
from headwater.access.papers import Papers
from headwater.access.whom import Found, Whom
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.persons import Eye, Word, pattern, record
from headwater.core.ports import Clock
from headwater.warehouse import (
    answers,
    connections,
    documents,
    erased,
    erasing,
    erasures,
    lease,
    persons,
    searching,
    walk,
)
from headwater.warehouse.alone import alone
from headwater.warehouse.connections import Link
from headwater.warehouse.erasures import Erasure
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

LOGGER = log.get("access")
WAIT_SECONDS = 60
"""How long a sync under way is waited for."""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases people. `papers`: files of this data home; `admin`: the address of a login that sees what the
    planner remembers, or NeedsPerson says why there is none."""

    warehouse: Warehouse
    vault: Vault
    clock: Clock
    papers: Papers
    admin: Callable[[], str]

    async def ask(self, tenant: UUID, whom: Whom, *, dry_run: bool, by: str) -> int:
        """Keeps the wish, encrypted, and returns its number. Raises NeedsPerson when it names nobody."""
        links = await connections.links(self.warehouse, tenant)
        whom.check(links, regions(links))
        with self.vault.steady():
            sealed = self.vault.seal(orjson.dumps({"whom": asdict(whom)}).decode())
            number = await erasures.ask(
                self.warehouse, tenant, sealed=sealed, dry_run=dry_run, by=by, now=self.clock.now()
            )
        action: Action = "search" if dry_run else "erase"
        await logged(self.warehouse, tenant, by, action, "people", 1, now=self.clock.now())
        return number

    async def do(self, tenant: UUID, number: int, *, fresh_backup: bool = False) -> Erasure:
        """Does what was wished for, or goes on with it, to its end. Killed at any moment, it may be called
        again. `fresh_backup`: makes one, without him, and removes the older ones. Raises RetryLater when
        another process is at it, or syncs a connection."""
        async with alone(self.warehouse, number, "erasing this person"):
            known = await _one(self.warehouse, tenant, number)
            if known.over or known.sealed is None:
                return known
            try:
                await _Work(self, tenant, known, fresh_backup=fresh_backup).do()
            except NeedsPerson as exc:
                if known.status == "erasing":
                    raise
                await erasures.end(
                    self.warehouse, tenant, number, "left", now=self.clock.now(), error=str(exc)
                )
        return await _one(self.warehouse, tenant, number)

    async def one(self, tenant: UUID, number: int) -> Erasure:
        """How an erasure stands. Raises NeedsPerson when there is none of that number."""
        return await _one(self.warehouse, tenant, number)

    async def listed(self, tenant: UUID, *, limit: int, before: int | None = None) -> list[Erasure]:
        """The erasures of a tenant, the newest first."""
        return await erasures.listed(self.warehouse, tenant, limit=limit, before=before)

    async def rest(self) -> None:
        """Does everything that waits, of every tenant. What somebody else is at, or cannot be done now, waits
        on."""
        for tenant in await connections.tenants(self.warehouse):
            for number in await erasures.waiting(self.warehouse, tenant.id):
                try:
                    await self.do(tenant.id, number)
                except HeadwaterError as exc:
                    LOGGER.warning("an erasure waits on", erasure=number, reason=str(exc))

    async def lift(self, tenant: UUID, number: int, *, by: str) -> None:
        """From now on what a source tells of that person is stored again."""
        now = self.clock.now()
        if not await erasures.lift(self.warehouse, tenant, number, now=now):
            raise NeedsPerson(f"there is no erasure {number} that holds: headwater erasure list shows them")
        LOGGER.info("an erasure was lifted", erasure=number, by=by)


async def _one(warehouse: Warehouse, tenant: UUID, number: int) -> Erasure:
    found = await erasures.one(warehouse, tenant, number)
    if found is None:
        raise NeedsPerson(f"there is no erasure {number}: headwater erasure list shows them")
    return found


def regions(links: Sequence[Link]) -> list[str | None]:
    """Where phones without a country code may be at home."""
    known = {one for link in links if (one := erased.region(link))}
    return [*sorted(known)] or [None]


class _Work:
    """One erasure under way."""

    def __init__(self, eraser: Eraser, tenant: UUID, known: Erasure, *, fresh_backup: bool) -> None:
        self.fresh_backup = fresh_backup
        self.eraser = eraser
        self.warehouse = eraser.warehouse
        self.tenant = tenant
        self.known = known
        self.links: list[Link] = []
        self.key = b""

    async def do(self) -> None:
        self.links = await connections.links(self.warehouse, self.tenant)
        self.key = await erased.key(self.warehouse, self.eraser.vault, self.tenant)
        told = orjson.loads(self.eraser.vault.open(self.known.sealed or ""))
        found = await self._found(Whom(**told["whom"])) if "whom" in told else Found.load(told)
        if self.known.dry_run:
            await self._tell(found)
        else:
            await self._erase(found)

    def _eye(self, words: set[Word]) -> Eye:
        digests = {word.digest(self.key): word.kind for word in words if word.kind != "record"}
        return Eye(digests, self.key, regions(self.links))

    async def _found(self, whom: Whom) -> Found:
        """Everything he is known by: what was said, what records about him say, and no word of another's."""
        given = whom.words(regions(self.links))
        his = whom.records(self.links)
        where = (self.warehouse, self.tenant, self.links)
        if given:
            his |= await persons.matching(*where, given, self._eye(given), pattern(given))
        his = await persons.linked(self.warehouse, self.tenant, his)
        words, spelled = set(given), set[str]()
        for link in self.links:
            more, names = await persons.words_of(self.warehouse, self.tenant, link, his, regions(self.links))
            words |= more
            spelled |= names
        others = await persons.shared(*where, his, self._eye(words), pattern(words)) if words else {}
        words -= {word for word in others if word not in given}
        shared = {one for records in others.values() for one in records}
        around = await persons.around(self.warehouse, self.tenant, his)
        return Found(words, spelled, his | around, shared)

    async def _tell(self, found: Found) -> None:
        """What there is of him, counted; nothing is changed."""
        eye, mentions = self._eye(found.words), Counter[str]()
        if found.words:
            looked = await searching.in_tables(
                self.warehouse, self.tenant, eye, pattern(found.words, found.spelled)
            )
            mentions.update(looked.rows)
        told = self._counted(found) | {
            "records": [self._name(one) for one in sorted(found.records) if one.about],
            "others": [self._name(one) for one in sorted(found.shared)],
            "mentions": dict(mentions),
        }
        now = self.eraser.clock.now()
        await erasures.end(self.warehouse, self.tenant, self.known.id, "found", now=now, found=told)

    def _counted(self, found: Found) -> dict[str, Any]:
        slugs = {link.id: link.slug for link in self.links}
        about = Counter(f"{slugs[one.connection]}.{one.entity}" for one in found.records if one.about)
        around = Counter(f"{slugs[one.connection]}.{one.entity}" for one in found.records if not one.about)
        kinds = Counter(word.kind for word in found.words)
        return {
            "about": dict(about),
            "around": dict(around),
            "words": dict(kinds),
            "shared": len(found.shared),
        }

    def _name(self, one: persons.Record) -> str:
        slugs = {link.id: link.slug for link in self.links}
        return f"{slugs[one.connection]}:{one.entity}:{one.id}"

    async def _erase(self, found: Found) -> None:
        words = found.words | {record(*one[:3]) for one in found.records}
        digests = {word.digest(self.key): word.kind for word in words}
        await self._begin(found, digests)
        eye, where = self._eye(found.words), pattern(found.words, found.spelled)
        counted = self._count
        async with AsyncExitStack() as stack:
            for link in self.links:
                held = await stack.enter_async_context(
                    lease.taken(
                        self.warehouse, self.tenant, link.id,
                        now=self.eraser.clock.now(), wait_seconds=WAIT_SECONDS,
                    )
                )  # fmt: skip
                await persons.Emptying(self.warehouse, held, link, counted).do(found.records)
            for place in await walk.places(self.warehouse, self.tenant):
                left_alone = place.shown in walk.OURS | walk.LOGINS | walk.COUNTED or not place.tenanted
                if found.words and place.texts and not left_alone:
                    await walk.unmentioned(self.warehouse, self.tenant, place, eye, where, counted)
        await self._forget_answers()
        await self._sweep()
        await self._certify(digests, eye, where if found.words else None)

    async def _begin(self, found: Found, digests: Mapping[bytes, str]) -> None:
        """He is remembered by digests before anything goes: no page that comes meanwhile brings him back."""
        vault, now = self.eraser.vault, self.eraser.clock.now()
        with vault.steady():
            sealed = vault.seal(found.dump())
            async with self.warehouse.acting_for(self.tenant) as conn:
                await erased.bury(conn, self.tenant, self.known.id, digests)
                await erasures.begin(
                    conn, self.tenant, self.known.id, sealed=sealed, found=self._counted(found), now=now
                )

    async def _count(self, conn: Any, table: str, rows: int) -> None:
        await erasures.count(conn, self.tenant, self.known.id, table, rows)

    async def _forget_answers(self) -> None:
        """Answers that are kept for a day to be given again are encrypted: who may be in them nobody sees."""
        async with self.warehouse.acting_for(self.tenant) as conn:
            if gone := await answers.drop(conn, self.tenant):
                await self._count(conn, "headwater.answers", gone)

    async def _sweep(self) -> None:
        """Old versions of rows go, and the planner looks anew at what is common."""
        counts = (await _one(self.warehouse, self.tenant, self.known.id)).counts
        places = await walk.places(self.warehouse, self.tenant)
        always = ["headwater.erasures", *(f"headwater.{name}" for name in documents.TABLES)]
        await erasing.swept(self.warehouse, searching.tables_of([*counts, *always], places))

    async def _certify(self, digests: Mapping[bytes, str], eye: Eye, where: str | None) -> None:
        """Searches for him everywhere, and writes down what was found, done, and not reached."""
        papers = self.eraser.papers
        blackened, left = await asyncio.to_thread(_blackened, papers, eye)
        searched = searching.Searched()
        statistics = "nothing to search for"
        if where is not None:
            searched = await searching.in_tables(self.warehouse, self.tenant, eye, where)
            remembered, statistics = await self._remembered(eye, where)
            left += [{"where": name, "rows": count} for name, count in searched.rows.items()]
            left += [{"where": f"statistics of {name}"} for name in remembered]
            left += [{"where": f"log {name}"} for name in await asyncio.to_thread(papers.naming, eye)]
        now = self.eraser.clock.now()
        copies = papers.copies(now)
        fresh = await papers.afresh(self.tenant, eye, now=now) if self.fresh_backup else None
        if fresh is not None:
            copies = []
            if fresh["naming"]:
                left.append({"where": f"backup {fresh['file']}", "rows": fresh["naming"]})
        known = await _one(self.warehouse, self.tenant, self.known.id)
        certificate = {
            "number": known.id,
            "asked_by": known.asked_by,
            "asked_at": known.asked_at,
            "begun_at": known.begun_at,
            "ended_at": now,
            "program": __version__,
            "digests": {
                kind: sorted(one.hex() for one, its in digests.items() if its == kind)
                for kind in sorted(set(digests.values()))
            },
            "found": known.found,
            "emptied": known.counts,
            "searched": {
                "tables": searched.tables, "statistics": statistics,
                "logs": len(papers.files()), "blackened": blackened,
            },
            "fresh_backup": fresh,
            "left": left,
            "not_reached": [
                *({"what": "source", "name": link.portal} for link in self.links),
                *({"what": "backup", **asdict(one)} for one in copies),
                {"what": "write-ahead log"},
            ],
        }  # fmt: skip
        await erasures.end(
            self.warehouse, self.tenant, known.id, "left" if left else "erased",
            now=now, certificate=certificate,
        )  # fmt: skip
        await self._forget_whom()
        LOGGER.info("a person was erased", erasure=known.id, left=len(left), rows=sum(known.counts.values()))

    async def _remembered(self, eye: Eye, where: str) -> tuple[list[str], str]:
        """Of which tables the planner remembers him, after it looked anew at those; and how that was seen."""
        try:
            admin = self.eraser.admin()
            found = await searching.in_statistics(admin, self.tenant, eye, where)
            if found:
                places = await walk.places(self.warehouse, self.tenant)
                await erasing.swept(self.warehouse, searching.tables_of(found, places))
                found = await searching.in_statistics(admin, self.tenant, eye, where)
        except HeadwaterError as exc:
            return [], f"made anew, not searched: {exc}"
        return found, "searched"

    async def _forget_whom(self) -> None:
        """Old versions of the row that said, encrypted, whom it was about."""
        places = await walk.places(self.warehouse, self.tenant)
        await erasing.swept(self.warehouse, searching.tables_of(["headwater.erasures"], places))


def _blackened(papers: Papers, eye: Eye) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Where logs named him; and those in which he could not be blacked out."""
    try:
        return papers.blacken(eye), []
    except OSError as exc:
        return {}, [{"where": f"log {exc.filename}", "why": str(exc.strerror)}]
