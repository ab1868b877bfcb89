"""A river whose portal posts its events to a door of ours."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from psycopg import AsyncCursor

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sandbox.bitrix24.events import known
from headwater.sources.bitrix24.telling import TICKED
from headwater.sources.bitrix24.webhooks import Ear
from headwater.sync import doors
from headwater.sync.doors import Doors
from headwater.sync.engine import Engine
from headwater.sync.events import Drained
from headwater.sync.receiving import Receiver
from headwater.sync.runs import Run
from headwater.sync.surveys import Surveys
from headwater.testing.river import River
from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse

HOST = "acme.bitrix24.ru"
EAR = Ear()


class Counting(httpx2.AsyncBaseTransport):
    """Counts requests, and fails them while `failing` says so of their method."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner
        self.asked: list[str] = []
        self.failing: str | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = (await request.aread()).decode()
        self.asked.append(body)
        if self.failing is not None and self.failing in body:
            return httpx2.Response(500, text="down")
        return await self.inner.handle_async_request(request)


class Live(River):
    """A river whose portal posts its events to a door of ours; `deliver` carries them."""

    async def listen(self) -> None:
        self.surveys = Surveys()
        self.doors = Doors(self.warehouse, self.clock)
        self.receiver = Receiver(self.warehouse, self.clock)
        self.transport = self.wire = Counting(self.transport)
        self.secret = await doors.opened(self.warehouse, self.link, now=self.clock.now())
        self.portal.add_handler("http://127.0.0.1:9/in", events=[name for name in TICKED if known(name)])

    async def post(self, body: bytes, secret: str | None = None) -> bool:
        notice = EAR.notice(body)
        arrivals = await self.doors.at(secret or self.secret, notice)
        if arrivals:
            await self.receiver.receive(arrivals)
        return bool(arrivals)

    async def deliver(self) -> int:
        """Everything the portal wants to say; how much that was."""
        bodies = [message.body for message in self.portal.events.take()]
        assert all(await asyncio.gather(*map(self.post, bodies)))
        return len(bodies)

    async def drain(self) -> Drained:
        source = self.source()
        engine = Engine(self.warehouse, self.clock, surveys=self.surveys)
        self.wire.asked.clear()
        try:
            return await engine.drain(self.link, source)
        finally:
            await source.close()

    async def sets(self) -> list[Run]:
        source = self.source()
        try:
            return await Engine(self.warehouse, self.clock, surveys=self.surveys).sets(self.link, source)
        finally:
            await source.close()

    async def quiet(self) -> None:
        """Synced, with nothing left to say."""
        self.settle()
        source = self.source()
        try:
            await Engine(self.warehouse, self.clock, surveys=self.surveys).sync(self.link, source)
        finally:
            await source.close()
        await self.renew()
        self.portal.events.take()

    async def outcomes(self) -> Counter[str]:
        rows = await self.rows("select coalesce(outcome, '') as outcome, applied_at from headwater.inbox")
        return Counter(row["outcome"] if row["applied_at"] else "waiting" for row in rows)

    async def deal(self, number: int) -> dict[str, Any] | None:
        rows = await self.rows("select * from bitrix24.crm_deals where bitrix_id = %(id)s", id=str(number))
        return rows[0] if rows else None

    async def jobs(self) -> dict[str, Any]:
        rows = await self.rows("select kind, due_at from headwater.jobs where tenant_id = %(tenant)s")
        return {row["kind"]: row["due_at"] for row in rows}

    def deals(self) -> list[int]:
        return [int(record["ID"]) for record in self.portal.truth()]


@asynccontextmanager
async def living(
    url: str,
    *,
    whole: bool = True,
    deals: int = 60,
    size: int = 3,
    cursor_factory: type[AsyncCursor[Any]] = AsyncCursor,
) -> AsyncIterator[Live]:
    """A portal whose events reach a connection of one tenant."""
    portal = bitrix24.built(Options(deals=deals, seed=3, whole=whole, virtual=True))
    async with Warehouse(url, size=size, cursor_factory=cursor_factory) as warehouse:
        owner = await connections.put_tenant(warehouse, "main", "main")
        link = await connections.put_link(
            warehouse, owner, source="bitrix24", portal=HOST, title=HOST, sealed="", account={}
        )
        live = Live(warehouse, portal, owner, link)
        await live.listen()
        try:
            yield live
        finally:
            portal.close()
