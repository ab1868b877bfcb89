"""Where services are tried as processes: a portal, a database, a connection, a door for its events."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from headwater.core.clock import WallClock
from headwater.core.model import Row
from headwater.sandbox.control import Control
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync import doors, hearing, proof
from headwater.sync.compare import Comparison
from headwater.testing.fakes import CountingPace
from headwater.testing.service import Broken, Service
from headwater.warehouse import connections, jobs
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

PATIENCE_SECONDS = 100.0
LOOK_SECONDS = 0.01
EMPTIED_SECONDS = 0.3
LOADED = (
    "select from headwater.jobs where kind = 'sync' and payload ->> 'whole' = 'true' and taken_by is null"
)
REGISTERED = "select from headwater.workers where pid = %(pid)s"
HASTEN = """
    with hurried as (update headwater.jobs set due_at = now()
                      where kind = %(kind)s and due_at > now() returning 1)
    select pg_notify('headwater_work', 'hurried') from hurried
"""
EMPTY = """
    insert into headwater.pacer (portal, level, at, granted) values (%(portal)s, 0, now(), true)
    on conflict (portal) do update set level = 0
    returning 1
"""
STANDING = """
    select json_agg(j) as jobs, (select json_agg(w) from headwater.workers as w) as workers,
           (select count(*) from headwater.inbox where applied_at is null) as events,
           (select json_agg(d) from headwater.due_sets as d) as sets
      from headwater.jobs as j
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A connection, and the path of its door."""

    link: Link
    path: str


@dataclass
class Site:
    """`url` and `admin` lead to the database, `webhook` and `control` to the portal. Every process that is
    begun logs into one file of the home and is killed in the end."""

    home: Path
    url: str
    admin_url: str
    environment: Mapping[str, str]
    webhook: str
    control: Control
    begun: list[Service] = field(default_factory=list)

    async def connected(self, tenant: str = "main") -> Place:
        """A connection of that tenant with nothing stored yet; it is due at once."""
        vault, host = Vault(self.home / "secret.key"), urlsplit(self.webhook).netloc
        async with Warehouse(self.url, size=1) as warehouse:
            owner = await connections.put_tenant(warehouse, tenant, tenant)
            link = await connections.put_link(
                warehouse, owner, source="bitrix24", portal=host, title=host,
                sealed=vault.seal(self.webhook), account={},
            )  # fmt: skip
            secret = await doors.opened(warehouse, link, now=datetime.now(UTC))
            async with warehouse.acting_for(owner.id) as conn:
                await jobs.wake(conn, owner.id, link.id, "sync", due_at=datetime.now(UTC))
        return Place(link, f"{hearing.BASE}/bitrix/{secret}")

    async def begin(self, *words: str) -> Service:
        """A service, or the command of these words."""
        made = await Service.begun(*words, environment=self.environment, said=self.said)
        self.begun.append(made)
        return made

    async def works(self, service: Service, *, itself: bool = False) -> None:
        """Returns when the worker of a service is registered; `itself`: it is one, and no service."""
        async with self.patience("a worker to begin"):
            while True:
                worker = service.process if itself else service.worker
                if worker and await self.rows(REGISTERED, pid=worker.pid):
                    return
                await asyncio.sleep(LOOK_SECONDS)

    async def loaded(self, places: int = 1) -> None:
        """Returns when everything was read once for so many connections."""
        await self.until(LOADED, lambda rows: len(rows) == places, what="the first load")

    async def due(self, place: Place) -> None:
        """Every entity of a connection is due by its schedule."""
        params = {"connection": place.link.id}
        async with await self.admin() as admin, admin.transaction():
            await admin.execute(
                "update headwater.sync_config set due_at = now() - interval '1 minute'"
                " where connection_id = %(connection)s",
                params,
            )
            await admin.execute(
                "update headwater.jobs set due_at = now() - interval '1 minute', done_at = null"
                " where connection_id = %(connection)s and kind = 'sync'",
                params,
            )
            await admin.execute("select pg_notify('headwater_work', 'due')")

    async def hasten(self, kind: jobs.Kind) -> None:
        """What is to be done later of this kind is due now."""
        async with await self.admin() as admin:
            await admin.execute(HASTEN, {"kind": kind})

    async def rows(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """What an administrator sees."""
        async with await self.admin() as admin:
            return await (await admin.execute(query, params)).fetchall()

    async def one(self, query: str, **params: Any) -> dict[str, Any]:
        [row] = await self.rows(query, **params)
        return row

    async def until(
        self, query: str, holds: Callable[[list[dict[str, Any]]], bool], *, what: str, **params: Any
    ) -> list[dict[str, Any]]:
        """The rows once they hold. Broken when they do not, with what is under way and what waits."""
        async with self.patience(what), await self.admin() as admin:
            while True:
                rows = await (await admin.execute(query, params)).fetchall()
                if holds(rows):
                    return rows
                await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def patience(self, what: str) -> AsyncIterator[None]:
        """What is waited for in the block comes in time; otherwise the text says how everything stands."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                yield
        except TimeoutError:
            standing = await self.one(STANDING)
            said = "\n".join(self.said.read_text(errors="replace").splitlines()[-30:])
            raise Broken(f"waited in vain for {what}: {standing}\n{said}") from None

    async def compared(
        self, link: Link, truths: Mapping[str, str], without: Mapping[str, Collection[str]] | None = None
    ) -> dict[str, Comparison]:
        """Entities against what the portal itself tells under these names, `without` records of these ids."""
        out = without or {}
        source = Bitrix24(self.webhook, pace=CountingPace(), clock=WallClock())
        try:
            async with Warehouse(self.url, size=2) as warehouse:
                told = {slug: self._truth(name, set(out.get(slug, ()))) for slug, name in truths.items()}
                return await proof.all_compared(warehouse, link, source, told)
        finally:
            await source.close()

    async def _truth(self, entity: str, without: set[str]) -> AsyncIterator[Row]:
        async for record in self.control.truth(entity=entity, listed=True):
            if str(record.get("ID", record.get("id"))) not in without:
                yield record

    async def admin(self) -> "psycopg.AsyncConnection[dict[str, Any]]":
        return await psycopg.AsyncConnection.connect(self.admin_url, autocommit=True, row_factory=dict_row)

    @property
    def said(self) -> Path:
        return self.home / "headwater.said"


@asynccontextmanager
async def site(
    home: Path, *, url: str, admin_url: str, portal: tuple[str, ...], bytecode: Path, outside: bool
) -> AsyncIterator[Site]:
    """A site with a portal of these words. `outside`: the database is not the home's own, and processes are
    told where it is. `bytecode`: where processes of many sites share what they compiled."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment |= {
        "HEADWATER_HOME": str(home), "HEADWATER_SHARE": "1", "HEADWATER_LANGUAGE": "en",
        "PYTHONPYCACHEPREFIX": str(bytecode),
    }  # fmt: skip
    async with _portal(home, environment, portal) as (webhook, control):
        database = {"HEADWATER_DATABASE_URL": url} if outside else {}
        made = Site(home, url, admin_url, environment | database, webhook, control)
        emptying = asyncio.create_task(_emptied(made))
        try:
            yield made
        finally:
            emptying.cancel()
            for service in made.begun:
                await service.kill()


async def _emptied(site: Site) -> None:
    """The portal has no limits: our own count of them stays low, so that nobody waits for nothing."""
    host = urlsplit(site.webhook).netloc
    while True:
        with suppress(psycopg.OperationalError):  # the database may be among what is killed
            await site.rows(EMPTY, portal=host)
        await asyncio.sleep(EMPTIED_SECONDS)


@asynccontextmanager
async def _portal(
    home: Path, environment: Mapping[str, str], words: tuple[str, ...]
) -> AsyncIterator[tuple[str, Control]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", "sandbox", "bitrix24", "--with-parent", "--no-limits", *words,
        stdin=PIPE, stdout=PIPE, cwd=home, env=dict(environment),
    )  # fmt: skip
    assert process.stdout
    try:
        webhook = (await process.stdout.readline()).decode().strip()
        token = (await process.stdout.readline()).decode().strip().rpartition(" ")[2]
        if not webhook:
            raise Broken("the sandbox portal did not start; its words are above")
        parts = urlsplit(webhook)
        async with Control(f"{parts.scheme}://{parts.netloc}", token) as control:
            yield webhook, control
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
