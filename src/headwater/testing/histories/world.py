"""A company and its replica, one process after another, each of which may be struck."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx2

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.model import EntitySpec, Field, Row
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Kind
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.certificate import Certificate
from headwater.sync.compare import compare
from headwater.sync.engine import Engine
from headwater.sync.reconcile import DEAR, Terms, reconcile
from headwater.sync.runs import Run
from headwater.testing.histories import books, truths
from headwater.testing.histories.casts import ALL, Belonging
from headwater.testing.histories.company import Company
from headwater.testing.histories.office import ORDERS
from headwater.testing.histories.strikes import Blow, Crash, Fuse, Line, Strike, fused
from headwater.testing.river import River, river
from headwater.warehouse import connections, typed
from headwater.warehouse.compared import Stored

T = TypeVar("T")
SPOILING = frozenset({Kind.NO_ID, Kind.BAD_UTF8, Kind.HUGE_VALUE})
OFF = """
    insert into headwater.sync_config (tenant_id, connection_id, entity_type, enabled)
    select %(tenant)s, %(connection)s, slug, false
      from unnest(%(slugs)s::text[]) as slug
"""
EVERYTHING = "update headwater.connections set privacy = 'full' where tenant_id = %(tenant)s"
"""Several companies share the database: by itself such a one would keep no free text."""
UNTIL = """
    select entity_type, (cursor ->> 'until')::timestamptz as until
      from headwater.sync_state
     where tenant_id = %(tenant)s
"""
DUE = "select entity, external_id from headwater.due_sets where tenant_id = %(tenant)s"
REFUSING = frozenset({Kind.DELETED, Kind.UNPAID, Kind.SCOPE, Kind.MOVED})
"""What a person has to look at: a portal that moves to where it is already, too."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What happens in the company while a run is under way: before its `when`-th request."""

    when: int
    name: str
    entity: int
    which: int


@dataclass(frozen=True, slots=True)
class Differing:
    """Ids whose replica is not what the portal has; `recent` ones changed after the window that is whole.

    `sets` are kinds of sets by the ids of records whose stored set is another one; `due` ones are waited for.
    """

    missing: frozenset[str]
    extra: frozenset[str]
    other: frozenset[str]
    recent: frozenset[str]
    examples: list[tuple[str, str, Any, Any]]
    sets: Mapping[str, frozenset[str]]
    due: Mapping[str, frozenset[str]]

    @property
    def old(self) -> frozenset[str]:
        """Missing or other, and not because of a recent change."""
        return (self.missing | self.other) - self.recent

    @property
    def old_sets(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The same of sets of records that are here."""
        for slug, ids in self.sets.items():
            yield slug, ids - self.recent - self.missing - self.extra - self.due[slug]


class World:
    """Everything of one history: the company, the river to the warehouse at `url`, the loop it runs in.

    `playing` are the entities that are switched on.
    """

    def __init__(self, url: str, *, tenant: str, deals: int, seed: int, playing: Sequence[str] = ALL) -> None:
        self.company = Company(deals, seed, playing)
        self.fuse = Fuse()
        self.synced: set[str] = set()
        """Entities of which a run ever came to its end: before that they cannot be reconciled."""
        self._quiet = httpx2.ASGITransport(bitrix24.app(self.company.portal))
        self._line = Line(self._quiet, self.fuse)
        self._fields: Mapping[str, Sequence[Field]] = {}
        self._specs: Mapping[str, EntitySpec] = {}
        self._known = ""
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self.river: River = self.do(
            self._open.enter_async_context(
                river(url, portal=self.company.portal, tenant=tenant, cursor_factory=fused(self.fuse))
            )
        )
        self.river.transport = self._line
        off = [slug for slug in ALL if slug not in playing]
        self.do(self.river.rows(EVERYTHING))
        self.do(self.river.rows(OFF, connection=self.river.link.id, slugs=off))

    def close(self) -> None:
        """Puts everything away."""
        try:
            self.do(self._open.aclose())
        finally:
            self._runner.close()
            self.company.portal.close()

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Runs something in the history's own loop."""
        return self._runner.run(what)

    def advance(self, seconds: float) -> None:
        """Time passes for everybody."""
        self.river.clock.advance(seconds)

    def settle(self) -> None:
        """So much time passes that all changes lie inside the next window and what failed is due again."""
        behind = (self.company.latest - self.company.portal.clock.now()).total_seconds()
        self.advance(max(behind, 0) + 2 * 86_400)

    @property
    def spoilt(self) -> int:
        """Rows that faults have spoilt so far."""
        struck = self.company.portal.faults.struck
        return sum(struck.get(kind.value, 0) for kind in SPOILING)

    @property
    def specs(self) -> Mapping[str, EntitySpec]:
        """What the source declares of the entities that are played."""
        self.do(self._survey())
        return self._specs

    @property
    def kinds(self) -> list[Belonging]:
        """The kinds of sets of what is played."""
        return self.company.belongings

    def sync(
        self, *, full: bool = False, strike: Strike | None = None, deed: Deed | None = None
    ) -> list[Run] | None:
        """A sync of all that is played; None when it did not come to its end."""

        async def synced(source: Bitrix24) -> list[Run]:
            return await Engine(self.river.warehouse, self.river.clock).sync(
                self.river.link, source, full=full
            )

        runs = self._run(synced, strike, deed)
        self.synced |= {run.entity for run in runs or ()}
        return runs

    def sync_ids(
        self, slug: str, ids: list[str], *, strike: Strike | None = None, deed: Deed | None = None
    ) -> Run | None:
        """Records by id; None when it did not come to its end."""

        async def synced(source: Bitrix24) -> Run:
            engine = Engine(self.river.warehouse, self.river.clock)
            return await engine.sync_ids(self.river.link, source, slug, ids)

        return self._run(synced, strike, deed)

    def reconcile(
        self,
        *,
        seed: int = 1,
        accept_deletions: bool = False,
        strike: Strike | None = None,
        deed: Deed | None = None,
    ) -> dict[str, Certificate] | None:
        """A reconciliation that samples everything; None when it did not come to its end."""
        terms = Terms(seed=seed, sample=1_000_000, accept_deletions=accept_deletions)

        async def reconciled(source: Bitrix24) -> dict[str, Certificate]:
            mine = self.river
            issued = await reconcile(mine.warehouse, mine.clock, mine.link, source, terms)
            return {one.certificate.entity: one.certificate for one in issued}

        return self._run(reconciled, strike, deed)

    def differing(self, slugs: Iterable[str] | None = None) -> dict[str, Differing]:
        """Where replica and portal differ, by entity (by default those ever synced); asked behind the back of
        faults, rights and busy people."""
        return self.do(self._differing(sorted(self.synced if slugs is None else slugs)))

    def waiting(self) -> int:
        """How many sets are due: of dear ones, a run reads so many and no more."""
        return len(self.do(self.river.rows(DUE)))

    def half_seen(self, slug: str) -> set[str]:
        """The dear sets of an entity that has more records than a reconciliation asks for such sets."""
        many = len(self.company.ids(slug)) > DEAR
        return {one.slug for one in self.specs[slug].asked if many and one.at_once is not None}

    def lists(self) -> list[str]:
        """Where the small lists differ from the portal's."""
        stored = self.do(books.lists(self.river))
        known = truths.lists(self.company.portal, self.company.playing)
        known = {
            name: {tuple(_clean(value) for value in row) for row in rows} for name, rows in known.items()
        }
        codes = {row[0] for row in known["currencies"]}
        stored["currencies"] = {row for row in stored["currencies"] if row[0] in codes}
        stored["labels"] = {row for row in stored["labels"] if row[0] in self.company.playing}
        return [
            f"{name}: the portal has {sorted(map(str, known[name] - stored[name]))[:5]},"
            f" stored are {sorted(map(str, stored[name] - known[name]))[:5]}"
            for name in known
            if known[name] != stored[name]
        ]

    def _run(
        self, what: Callable[[Bitrix24], Awaitable[T]], strike: Strike | None, deed: Deed | None
    ) -> T | None:
        faults = {fault.kind for fault in self.company.portal.faults.script}
        spoilt = self.spoilt

        async def struck() -> T | None:
            source = self.river.source()
            try:
                return await what(source)
            except Crash:
                return None
            except RetryLater:
                if faults or self.fuse.burnt is Blow.LOSE:
                    return None
                raise
            except NeedsPerson as exc:
                if faults & REFUSING or not self.company.whole or "sync first" in str(exc):
                    return None
                raise
            finally:
                await source.close()

        [self.river.link] = self.do(connections.links(self.river.warehouse, self.river.tenant.id))
        self.fuse.arm(strike)
        if deed:
            self._line.when, self._line.meanwhile = deed.when, lambda: self._act(deed)
        try:
            with nullcontext() if self.company.at_rest else self.company.watched():
                return self.do(struck())
        except asyncio.CancelledError:
            if self.fuse.burnt is not Blow.CANCEL:
                raise
            return None
        finally:
            self.fuse.arm(None)
            self._line.meanwhile = None
            self.company.all_unsure = self.company.all_unsure or self.spoilt > spoilt
            self.company.look()

    def _act(self, deed: Deed) -> None:
        company, entity, which = self.company, deed.entity, deed.which
        with company.watched():
            match deed.name:
                case "edit":
                    company.edit(entity, which, which)
                case "insert":
                    company.insert(entity, 1 + which % 3, 400 * (which % 2))
                case "remove":
                    company.remove(entity, which, 1)
                case "merge":
                    company.merge(entity, which, 1)
                case "comment":
                    company.comment(entity, which, which)
                case "sell":
                    company.sell(which, which)
                case "link":
                    company.link(entity, which, [which % 3, which % 5])
                case "office":
                    company.office.order(ORDERS[which % len(ORDERS)], which)
                case "add_field":
                    company.add_field(entity, which, which, multiple=False)
                    company.fill_field(entity, -1, which)
                case "remove_field":
                    company.remove_field(entity, which)
                case "retype_field":
                    company.retype_field(entity, which, which, convert=True)

    async def _survey(self) -> None:
        """The fields of all that is played as they are now, asked behind everybody's back."""
        portal, mine = self.company.portal, self.river
        if self._known == (told := portal.books.dump() + str(self.company.playing)):
            return
        script, portal.faults.script = portal.faults.script, []
        self.company.pause()
        _, person = portal.books.credential()
        admin, person.admin = person.admin, True
        mine.transport = self._quiet
        source = mine.source()
        try:
            early = [slug for slug in self.company.playing if slug in source.entities]
            survey = await source.survey(early, more=True)
            self._fields = survey.fields
            self._specs = {slug: source.entities[slug] for slug in self.company.playing}
            self._known = told
        finally:
            await source.close()
            mine.transport = self._line
            person.admin = admin
            self.company.go_on()
            portal.faults.script = script

    async def _differing(self, slugs: Sequence[str]) -> dict[str, Differing]:
        await self._survey()
        portal, mine = self.company.portal, self.river
        kinds = [one for one in self.kinds if one.entity in slugs]
        stored_sets = await books.sets(mine, kinds)
        until = {row["entity_type"]: row["until"] for row in await mine.rows(UNTIL)}
        due: dict[str, set[str]] = {}
        for row in await mine.rows(DUE):
            due.setdefault(row["entity"], set()).add(row["external_id"])
        found = {}
        for slug in slugs:
            spec, link = self._specs[slug], mine.link
            columns = await typed.columns_of(mine.warehouse, link.tenant, link.id, slug)
            stored = Stored(
                mine.warehouse, link.tenant, link.id,
                schema=link.slug, spec=spec, key_column=Bitrix24.key_column,
            )  # fmt: skip
            truth = list(self.company.truth(slug))
            told = await compare(_streamed(truth), stored, spec, self._fields[slug], columns, most=100_000)
            sets, waits = {}, {}
            for one in kinds:
                if one.entity == slug:
                    known = truths.sets(portal, one.slug, slug)
                    sets[one.slug] = frozenset(
                        id for id, rows in known.items() if stored_sets.get((one.slug, id), ()) != rows
                    )
                    waits[one.slug] = frozenset(due.get(one.slug, ()))
            found[slug] = Differing(
                frozenset(told.missing),
                frozenset(told.extra),
                frozenset(id for id, *_ in told.differences),
                frozenset(str(one[spec.id_field]) for one in truth if _moved(one, spec.clocks, until[slug])),
                told.differences[:5],
                sets,
                waits,
            )
        return found


def _moved(record: Row, clocks: Sequence[str], until: datetime | None) -> bool:
    """Whether a time of the record lies after `until`."""
    for clock in clocks:
        with suppress(ValueError, TypeError):
            if until is None or datetime.fromisoformat(record[clock]) > until:
                return True
    return False


def _clean(value: Any) -> Any:
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


async def _streamed(records: Iterable[Row]) -> AsyncIterator[Row]:
    for record in records:
        yield record
