"""Services to be tried: whole in one process with a clock that never really waits, or as processes of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headwater import wiring
from headwater.access import keys
from headwater.api.app import built
from headwater.api.doorman import Doorman
from headwater.cli import demo
from headwater.core.settings import Settings
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sync import proof
from headwater.sync.hearing import BASE
from headwater.testing.live import Live, living
from headwater.testing.site import Site, site
from headwater.warehouse import jobs
from headwater.warehouse.vault import Vault
from headwater.wiring import House

NOT_TONIGHT = timedelta(hours=20)
FORM = {"content-type": "application/x-www-form-urlencoded"}
NEXT = """
    select min(greatest(due_at, held_until, rests_until)) as at
      from headwater.jobs
     where due_at is not null and kind not in ('backup', 'housekeeping', 'refresh', 'rights', 'watch')
"""
BUSY = """
    select count(*)
      from headwater.jobs
     where taken_by is not null or greatest(due_at, held_until, rests_until) <= %(now)s
"""


@dataclass
class Outage(httpx2.AsyncBaseTransport):
    """The way to the portal. `to`: requests go out to the real network instead. `before` is called with each
    request that does arrive."""

    inner: httpx2.AsyncBaseTransport
    now: Callable[[], datetime]
    to: str | None = None
    before: Callable[[str], None] = lambda _: None
    tried: list[datetime] = field(default_factory=list)
    outside: httpx2.AsyncBaseTransport = field(default_factory=httpx2.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.tried.append(self.now())
        if self.to is not None:
            return await self.outside.handle_async_request(httpx2.Request(request.method, self.to))
        self.before((await request.aread()).decode())
        return await self.inner.handle_async_request(request)


@dataclass
class Service:
    """Everything a service has, and the portal it serves."""

    live: Live
    house: House
    client: httpx2.AsyncClient
    way: Outage
    key: str

    @property
    def portal(self) -> Portal:
        return self.live.portal

    @property
    def now(self) -> datetime:
        return self.live.clock.now()

    async def get(self, path: str) -> httpx2.Response:
        return await self.client.get(path, headers={"authorization": f"Bearer {self.key}"})

    async def status(self) -> dict[str, Any]:
        answer = await self.get("/api/v1/sync/status")
        assert answer.status_code == 200, answer.text
        return answer.json()["connections"][0]

    async def page(self) -> str:
        await self.client.post("/enter", data={"key": self.key})
        answer = await self.client.get("/")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, body: bytes, secret: str | None = None) -> httpx2.Response:
        path = f"{BASE}/bitrix/{secret or self.live.secret}"
        return await self.client.post(path, content=body, headers=FORM)

    async def told(self) -> list[int]:
        """The portal posts what it has to say; how each post was answered."""
        return [(await self.post(one.body)).status_code for one in self.portal.events.take()]

    async def one(self, query: str, **params: Any) -> dict[str, Any]:
        [row] = await self.live.rows(query, **params)
        return row

    async def jobs(self) -> dict[str, dict[str, Any]]:
        return {row["kind"]: row for row in await self.live.rows("select * from headwater.jobs")}

    async def rests(self) -> None:
        """Returns when nothing is due and nothing under way."""
        await self._word()
        await until(self._rests)

    async def lives(self, length: timedelta) -> None:
        """So much time passes, and whatever comes due in it is done when it does."""
        end = self.live.clock.passed + length.total_seconds()
        await self.rests()
        while (left := end - self.live.clock.passed) > 0:
            due = (await self.one(NEXT))["at"]
            wait = left if due is None else (due - self.now).total_seconds()
            self.live.clock.advance(max(0.001, min(wait, left)))
            await self.rests()

    async def equal(self) -> bool:
        """Whether the tables are what the portal has."""
        await self.live.renew()
        source = self.live.source()
        try:
            await source.survey(more=True)
            truths = {
                slug: _streamed(self.portal.truth(name, listed=True))
                for slug, name in demo.TRUTHS.items()
                if slug in source.entities and await self._reads(slug)
            }
            found = await proof.all_compared(self.live.warehouse, self.live.link, source, truths)
        finally:
            await source.close()
        assert found
        return all(one.equal for one in found.values())

    async def _reads(self, entity: str) -> bool:
        rows = await self.live.rows(
            "select 1 as it from headwater.sync_state where entity_type = %(entity)s and status <> 'paused'",
            entity=entity,
        )
        return bool(rows)

    async def _word(self) -> None:
        await self.live.rows("select pg_notify('headwater_work', '')")

    async def _rests(self) -> bool:
        return (await self.one(BUSY, now=self.now))["count"] == 0


async def until(condition: Callable[[], Awaitable[Any] | bool]) -> None:
    """Waits until it holds; the test's own timeout is the end of patience."""
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(database: Any, home: Path, *, whole: bool, deals: int = 40) -> AsyncIterator[Service]:
    """A service that was synced once and works on until the end of the block."""
    async with living(database.url(), whole=whole, deals=deals, size=8) as live:
        live.transport = way = Outage(live.transport, live.clock.now)
        await live.quiet()
        house = House(Settings(home=home, backups=0), live.warehouse, Vault(home / "secret.key"), live.clock)
        # It may be night at the portal, and the hour of the comparison, which is not what these tests are about.
        later = live.clock.now() + NOT_TONIGHT
        await jobs.plan(live.warehouse, live.tenant.id, live.link.id, "reconcile", due_at=later)
        key = await keys.add(live.warehouse, live.tenant.id, "all", ["admin"], now=live.clock.now())
        transport = httpx2.ASGITransport(Doorman(built(house)))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client,
            wiring.worker(
                house, opened=lambda _: live.source(), monotonic=lambda: live.clock.passed
            ) as worker,
        ):
            service = Service(live, house, client, way, key)
            working = asyncio.create_task(worker.run())
            try:
                await until(lambda: _began(service))
                await service.rests()
                yield service
            finally:
                worker.stop()
                await working
                await way.outside.aclose()


async def _began(service: Service) -> bool:
    return {"sync", "reconcile", "housekeeping"} <= (await service.jobs()).keys()


async def _streamed(records: Any) -> AsyncIterator[Any]:
    for record in records:
        yield record


@pytest.fixture
async def service(newest_database: Any, tmp_path: Path) -> AsyncIterator[Service]:
    """Of a portal with deals alone."""
    async with serving(newest_database, tmp_path, whole=False) as made:
        yield made


@pytest.fixture
async def company(newest_database: Any, tmp_path: Path) -> AsyncIterator[Service]:
    """Of a whole portal."""
    async with serving(newest_database, tmp_path, whole=True, deals=12) as made:
        yield made


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where started programs keep their compiled modules, so that the next starts faster."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def portal() -> tuple[str, ...]:
    """What the portal of services as processes has."""
    return ("--sizes", "deals=60,leads=40,contacts=60,companies=40,activities=60")


@pytest.fixture
async def ground(
    newest_database: Any, portal: tuple[str, ...], bytecode: Path, tmp_path: Path
) -> AsyncIterator[Site]:
    """A site on a server that runs already, so that a service is there in a second."""
    async with site(
        tmp_path, url=newest_database.url(), admin_url=newest_database.url("postgres"),
        portal=portal, bytecode=bytecode, outside=True,
    ) as made:  # fmt: skip
        yield made
