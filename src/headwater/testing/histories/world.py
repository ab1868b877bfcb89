"""A company and its replica, one process after another, each of which may be struck."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx2

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.model import Field, Row
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Kind
from headwater.sync.certificate import Certificate
from headwater.sync.compare import compare
from headwater.sync.runs import Run
from headwater.testing.histories.company import Company
from headwater.testing.histories.strikes import Blow, Crash, Fuse, Line, Strike, fused
from headwater.testing.river import River, river
from headwater.warehouse import typed
from headwater.warehouse.compared import Stored

T = TypeVar("T")
SPOILING = frozenset({Kind.NO_ID, Kind.BAD_UTF8, Kind.HUGE_VALUE})
REFUSING = frozenset({Kind.DELETED, Kind.UNPAID, Kind.SCOPE, Kind.MOVED})
"""What a person has to look at: a portal that moves to where it is already, too."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What happens in the company while a run is under way: before its `when`-th request."""

    when: int
    name: str
    which: int


@dataclass(frozen=True, slots=True)
class Differing:
    """Ids whose replica is not what the portal has; `recent` ones changed after the window that is whole."""

    missing: frozenset[str]
    extra: frozenset[str]
    other: frozenset[str]
    recent: frozenset[str]
    examples: list[tuple[str, str, Any, Any]]

    @property
    def old(self) -> frozenset[str]:
        """Missing or other, and not because of a recent change."""
        return (self.missing | self.other) - self.recent


class World:
    """Everything of one history: the company, the river to the warehouse at `url`, the loop it runs in."""

    def __init__(self, url: str, *, tenant: str, deals: int, seed: int) -> None:
        self.company = Company(deals, seed)
        self.fuse = Fuse()
        self.synced = False
        """Whether a run ever came to its end: before that nothing can be reconciled."""
        self._quiet = httpx2.ASGITransport(bitrix24.app(self.company.portal))
        self._line = Line(self._quiet, self.fuse)
        self._fields: Sequence[Field] = ()
        self._known = ""
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self.river: River = self.do(
            self._open.enter_async_context(
                river(url, portal=self.company.portal, tenant=tenant, cursor_factory=fused(self.fuse))
            )
        )
        self.river.transport = self._line

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

    def sync(
        self, *, full: bool = False, strike: Strike | None = None, deed: Deed | None = None
    ) -> Run | None:
        """A sync; None when it did not come to its end."""
        run = self._run(lambda: self.river.sync(full=full), strike, deed)
        self.synced = self.synced or run is not None
        return run

    def sync_ids(
        self, ids: list[str], *, strike: Strike | None = None, deed: Deed | None = None
    ) -> Run | None:
        """Records by id; None when it did not come to its end."""
        return self._run(lambda: self.river.sync_ids(*ids), strike, deed)

    def reconcile(
        self,
        *,
        seed: int = 1,
        accept_deletions: bool = False,
        strike: Strike | None = None,
        deed: Deed | None = None,
    ) -> Certificate | None:
        """A reconciliation that samples everything; None when it did not come to its end."""

        async def reconciled() -> Certificate:
            return await self.river.reconcile(seed=seed, sample=1_000_000, accept_deletions=accept_deletions)

        return self._run(reconciled, strike, deed)

    def differing(self) -> Differing:
        """Where replica and portal differ; asked behind the back of faults, rights and busy people."""
        return self.do(self._differing())

    def _run(self, what: Callable[[], Awaitable[T]], strike: Strike | None, deed: Deed | None) -> T | None:
        faults = {fault.kind for fault in self.company.portal.faults.script}
        spoilt = self.spoilt

        async def struck() -> T | None:
            try:
                return await what()
            except Crash:
                return None
            except RetryLater:
                if faults or self.fuse.burnt is Blow.LOSE:
                    return None
                raise
            except NeedsPerson as exc:
                if faults & REFUSING or (not self.synced and "sync first" in str(exc)):
                    return None
                raise

        self.fuse.arm(strike)
        if deed:
            self._line.when, self._line.meanwhile = deed.when, lambda: self._act(deed)
        try:
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
        company, which = self.company, deed.which
        match deed.name:
            case "edit":
                company.edit(which, which)
            case "insert":
                company.insert(1 + which % 3, 400 * (which % 2))
            case "remove":
                company.remove(which, 1)
            case "add_field":
                company.add_field(which, which, multiple=False)
                company.fill_field(-1, which)
            case "remove_field":
                company.remove_field(which)
            case "retype_field":
                company.retype_field(which, which, convert=True)

    async def _differing(self) -> Differing:
        portal, mine = self.company.portal, self.river
        script, portal.faults.script = portal.faults.script, []
        self.company.pause()
        mine.transport = self._quiet
        source = mine.source()
        try:
            if self._known != (told := portal.books.dump()):
                self._fields, self._known = (await source.survey(["deals"])).fields["deals"], told
        finally:
            await source.close()
            mine.transport = self._line
            self.company.go_on()
            portal.faults.script = script
        spec, link = source.entities["deals"], mine.link
        columns = await typed.columns_of(mine.warehouse, link.tenant, link.id, "deals")
        stored = Stored(
            mine.warehouse, link.tenant, link.id,
            schema=link.slug, spec=spec, key_column=source.key_column,
        )  # fmt: skip
        truth = list(self.company.truth())
        found = await compare(_streamed(truth), stored, spec, self._fields, columns, most=100_000)
        [row] = await mine.rows("select (cursor ->> 'until')::timestamptz as until from headwater.sync_state")
        return Differing(
            frozenset(found.missing),
            frozenset(found.extra),
            frozenset(id for id, *_ in found.differences),
            frozenset(one["ID"] for one in truth if _moved(one, spec.clocks, row["until"])),
            found.differences[:5],
        )


def _moved(record: Row, clocks: Sequence[str], until: datetime) -> bool:
    """Whether a time of the record lies after `until`."""
    for clock in clocks:
        with suppress(ValueError, TypeError):
            if datetime.fromisoformat(record[clock]) > until:
                return True
    return False


async def _streamed(records: Iterable[Row]) -> AsyncIterator[Row]:
    for record in records:
        yield record
