"""A sandbox portal, its adapter, the engine and a warehouse, with one clock that never really waits."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from psycopg import AsyncCursor

from headwater.core.model import Row
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options, Portal
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync import plan, proof
from headwater.sync.certificate import Certificate
from headwater.sync.compare import Comparison
from headwater.sync.engine import Engine
from headwater.sync.reconcile import SAMPLE, Terms, reconcile
from headwater.sync.runs import Report, Run
from headwater.testing.fakes import FakeClock
from headwater.warehouse import connections
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault


class River:
    """One connection from portal to tables. Every `sync` uses an adapter and a pacer of its own, as a new
    process would; `transport` stands between the adapter and the portal."""

    def __init__(
        self,
        warehouse: Warehouse,
        portal: Portal,
        tenant: Tenant,
        link: Link,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.portal = portal
        self.tenant = tenant
        self.link = link
        self.vault = vault
        self.transport = transport or httpx2.ASGITransport(bitrix24.app(portal))
        self.clock = FakeClock(portal.clock.now(), also=portal.clock.advance)

    def source(self) -> Bitrix24:
        pace = Pacer(self.warehouse, self.clock, share=1.0, now=self.clock.now)
        hook = self.portal.books.webhooks[0]
        url = f"https://{self.link.portal}/rest/{hook.user_id}/{hook.code}/"
        return Bitrix24(url, pace=pace, clock=self.clock, memory=self.link.memory, transport=self.transport)

    async def renew(self) -> None:
        """From now on everybody knows what the connection has learnt, as the next process would."""
        links = await connections.links(self.warehouse, self.tenant.id)
        [self.link] = [link for link in links if link.id == self.link.id]

    async def sync(self, *, full: bool = False, report: Report | None = None) -> Run:
        """One run over the deals, as `headwater sync` makes it."""
        [run] = await self.sync_all("deals", full=full, report=report)
        return run

    async def sync_all(self, *entities: str, full: bool = False, report: Report | None = None) -> list[Run]:
        """The same over these entities, or over all that are switched on."""
        source = self.source()
        engine = Engine(self.warehouse, self.clock, report=report, vault=self.vault)
        try:
            return await engine.sync(self.link, source, full=full, entities=entities or None)
        finally:
            await source.close()

    async def sync_ids(self, *ids: str) -> Run:
        """These deals again, as `headwater sync --ids` reads them."""
        source = self.source()
        try:
            engine = Engine(self.warehouse, self.clock, vault=self.vault)
            return await engine.sync_ids(self.link, source, "deals", ids)
        finally:
            await source.close()

    async def reconcile(
        self, *, seed: int = 1, sample: int = SAMPLE, accept_deletions: bool = False
    ) -> Certificate:
        """The deals compared with the portal, as `headwater reconcile` does it."""
        source = self.source()
        terms = Terms(seed=seed, sample=sample, accept_deletions=accept_deletions)
        try:
            [issued] = await reconcile(
                self.warehouse, self.clock, self.link, source, terms, entities=["deals"], vault=self.vault
            )
        finally:
            await source.close()
        return issued.certificate

    def settle(self) -> None:
        """Lets so much time pass that everything done so far lies inside the next window."""
        self.clock.advance(plan.MARGIN.total_seconds() + 2)

    async def compare(self) -> Comparison:
        """What is stored against the portal's own data."""
        source = self.source()
        try:
            truth = _streamed(self.portal.truth())
            return await proof.compared(self.warehouse, self.link, source, "deals", truth)
        finally:
            await source.close()

    async def rows(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """What the tenant sees."""
        return await self.warehouse.rows(self.tenant.id, query, params)


@asynccontextmanager
async def river(
    url: str,
    *,
    deals: int = 300,
    seed: int = 1,
    portal: Portal | None = None,
    tenant: str = "main",
    host: str | None = None,
    cursor_factory: type[AsyncCursor[Any]] = AsyncCursor,
    vault: Vault | None = None,
) -> AsyncIterator[River]:
    """A portal with a believable company and a tenant connected to it, in the database at `url`."""
    made = portal or bitrix24.built(Options(deals=deals, whole=False, seed=seed, virtual=True))
    async with Warehouse(url, size=3, cursor_factory=cursor_factory) as warehouse:
        owner = await connections.put_tenant(warehouse, tenant, tenant)
        name = host or f"{tenant}.bitrix24.ru"
        link = await connections.put_link(
            warehouse, owner, source="bitrix24", portal=name, title=name, sealed="", account={}
        )
        try:
            yield River(warehouse, made, owner, link, vault=vault)
        finally:
            if portal is None:
                made.close()


async def _streamed(records: Iterator[Row]) -> AsyncIterator[Row]:
    for record in records:
        yield record
