"""A service as processes: its database killed under it, one giant beside many small tenants."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson
import psutil
import psycopg
import pytest

from headwater.core.clock import WallClock
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Fault, Options, Portal
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync import plan, proof
from headwater.testing.fakes import CountingPace
from headwater.warehouse import connections, embedded, jobs
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

pytestmark = pytest.mark.long

LISTENS = re.compile(r"Headwater listens on (http://\S+)")
MINUTE = timedelta(minutes=1)
SMALL = 6
PAGES = "select coalesce(sum(synced_records), 0) from headwater.sync_state"
WAITED = """
    select w.title as tenant, min(l.started_at) - min(w.due_at) as waited, min(l.started_at) as began
      from wished as w
      join headwater.sync_logs as l on l.connection_id = w.connection_id and l.started_at >= w.due_at
     group by w.title
"""


async def started(*words: str, environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", *words, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def said(*words: str, environment: dict[str, str]) -> str:
    process = await started(*words, environment=environment)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def ended(process: asyncio.subprocess.Process) -> str:
    process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
    return (out + err).decode()


def environment_of(home: Path, **more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    return known | {"HEADWATER_HOME": str(home), "HEADWATER_SHARE": "1", "HEADWATER_BACKUPS": "0", **more}


async def until(condition: Any) -> Any:
    """What it says, once that is true; the test's own timeout is the end of patience."""
    while not (found := await condition()):  # noqa: ASYNC110 (rows ring no bell)
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def portal_of(**words: Any) -> AsyncIterator[tuple[Portal, str]]:
    """A portal on a real socket, and the address of its webhook."""
    options = Options(whole=False, limits=False, **words)
    portal = bitrix24.built(options)
    try:
        async with bitrix24.served(portal, options) as address:
            yield portal, address.webhook
    finally:
        portal.close()


async def streamed(records: Any) -> AsyncIterator[Any]:
    for record in records:
        yield record


async def equal(warehouse: Warehouse, link: Link, portal: Portal, webhook: str) -> bool:
    """Whether the deals are what the portal has."""
    source = Bitrix24(webhook, pace=CountingPace(), clock=WallClock())
    try:
        return (await proof.compared(warehouse, link, source, "deals", streamed(portal.truth()))).equal
    finally:
        await source.close()


class Storm:
    """Changes of the portal, each posted as an event until it is told to stop; how each was answered."""

    def __init__(self, root: str, path: str, portal: Portal) -> None:
        self.root, self.path, self.portal = root, path, portal
        self.answers: dict[int, list[int]] = {200: [], 503: []}
        self.health: list[int] = []

    async def blow(self, stop: asyncio.Event) -> None:
        numbers = [int(one["ID"]) for one in self.portal.truth()][:400]
        async with httpx2.AsyncClient(base_url=self.root, timeout=60) as client:
            for at, number in enumerate(numbers * 50):
                if stop.is_set():
                    return
                self.portal.change(number, {"TITLE": f"change {at}"})
                form = {"event": "ONCRMDEALUPDATE", "data[FIELDS][ID]": number, "ts": "1",
                        "auth[member_id]": "m", "auth[application_token]": "t"}  # fmt: skip
                headers = {"content-type": "application/x-www-form-urlencoded"}
                answer = await client.post(self.path, content=urlencode(form), headers=headers)
                self.answers[answer.status_code].append(number)
                self.health.append((await client.get("/health")).status_code)
                await asyncio.sleep(0.02)


@pytest.mark.timeout(300)
async def test_a_database_that_is_killed_under_load_and_storm_loses_nothing_and_everything_goes_on(tmp_path):
    home = tmp_path / "home"
    environment = environment_of(home)
    async with portal_of(deals=4_000) as (portal, webhook):
        await said("connect", "bitrix24", webhook, environment=environment)
        address = orjson.loads(
            await said(
                "events", "address", "--public-url", "http://127.0.0.1", "--json", environment=environment
            )
        )
        portal.faults.add(Fault(bitrix24.Kind.SLOW, seconds=0.5, count=None))
        service = await started("serve", "--port", "0", environment=environment)
        try:
            assert service.stdout is not None
            line = b""
            while not (found := LISTENS.search(line.decode())):
                line = await service.stdout.readline()
                assert line
            storm, stop = Storm(found[1], urlsplit(address["address"]).path, portal), asyncio.Event()
            blowing = asyncio.create_task(storm.blow(stop))
            await until(lambda: _loading(home))
            psutil.Process(embedded.status(home).pid).kill()
            await until(lambda: _true(503 in storm.health and storm.health[-1] == 200))
            calm = len(storm.answers[200])
            await until(lambda: _true(len(storm.answers[200]) > calm + 20))
            stop.set()
            await blowing
            portal.faults.clear()
            async with Warehouse(embedded.ensure(home).url("hw_app"), size=2) as warehouse:
                [tenant] = await connections.tenants(warehouse)
                [link] = await connections.links(warehouse, tenant.id)
                stored = await warehouse.rows(tenant.id, "select external_id from headwater.inbox", {})
                await until(lambda: _applied(warehouse, link))
                await synced(warehouse, link, portal)
                assert await equal(warehouse, link, portal, webhook)
            words = await ended(service)
        finally:
            if service.returncode is None:
                service.kill()
            embedded.stop(home)

    assert storm.answers[503]
    told = {str(number) for number in storm.answers[200]}
    assert {row["external_id"] for row in stored} >= told
    assert len(stored) >= len(storm.answers[200]), "whatever was acknowledged is stored"
    assert "Traceback" not in words


async def _true(holds: bool) -> bool:
    return holds


async def _loading(home: Path) -> bool:
    """Whether the first load is in the middle."""
    with psycopg.connect(embedded.ensure(home).url(database="headwater")) as admin:
        [row] = admin.execute(PAGES.encode()).fetchall()
    return 0 < int(row[0]) < 4_000


async def _applied(warehouse: Warehouse, link: Link) -> bool:
    rows = await warehouse.rows(
        link.tenant, "select 1 as it from headwater.inbox where applied_at is null", {}
    )
    return not rows


async def _loaded(warehouse: Warehouse, link: Link) -> bool:
    """Whether everything was read once, and nothing is under way."""
    rows = await warehouse.rows(
        link.tenant,
        "select 1 as it from headwater.jobs where kind = 'sync' and payload ? 'whole' and taken_by is null",
        {},
    )
    return bool(rows)


async def _done_after(warehouse: Warehouse, link: Link, since: datetime) -> bool:
    """Whether a sync was done that began after that."""
    lines = {one.kind: one for one in await jobs.listed(warehouse, link.tenant)}
    done = lines["sync"].done_at
    return done is not None and done > since


async def synced(warehouse: Warehouse, link: Link, portal: Portal) -> None:
    """Returns when a sync is done whose window holds all that was changed so far."""
    await until(lambda: _loaded(warehouse, link))
    portal.clock.skew += plan.MARGIN.total_seconds() + 3
    now = datetime.now(UTC)
    await warehouse.rows(link.tenant, "update headwater.sync_config set due_at = %(now)s", {"now": now})
    async with warehouse.connection() as conn:
        await jobs.wake(conn, link.tenant, link.id, "sync", due_at=now, urgent=True)
    await until(lambda: _done_after(warehouse, link, now))
    await until(lambda: _loaded(warehouse, link))


@pytest.mark.timeout(300)
async def test_beside_two_giants_in_their_first_load_every_small_tenant_begins_within_a_minute(
    newest_database, tmp_path
):
    environment = environment_of(tmp_path, HEADWATER_DATABASE_URL=newest_database.url())
    vault = Vault(tmp_path / "secret.key")
    async with AsyncExitStack() as stack:
        giants = [
            await stack.enter_async_context(portal_of(sizes={"deals": 30_000}, seed=at)) for at in (1, 2)
        ]
        small = [await stack.enter_async_context(portal_of(deals=30, seed=at)) for at in range(3, SMALL + 3)]
        for portal, _ in giants:
            portal.faults.add(Fault(bitrix24.Kind.SLOW, seconds=2.0, count=None))
        warehouse = await stack.enter_async_context(Warehouse(newest_database.url(), size=2))
        admin = stack.enter_context(newest_database.as_admin())
        admin.execute("create table wished (connection_id bigint, title text, due_at timestamptz)")

        async def wish(link: Link, name: str) -> None:
            now = datetime.now(UTC)
            admin.execute("insert into wished values (%s, %s, %s)", [link.id, name, now])
            async with warehouse.connection() as conn:
                await jobs.wake(conn, link.tenant, link.id, "sync", due_at=now)

        links: dict[str, Link] = {}
        for at, (_, webhook) in enumerate(giants + small):
            name = f"giant{at}" if at < len(giants) else f"small{at}"
            host = urlsplit(webhook).netloc
            tenant = await connections.put_tenant(warehouse, name, name)
            links[name] = await connections.put_link(
                warehouse, tenant, source="bitrix24", portal=host, title=host, sealed=vault.seal(webhook), account={}
            )  # fmt: skip
            admin.execute(
                "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)", [host]
            )
        for name in list(links)[:2]:
            await wish(links[name], name)
        worker = await started("worker", "--slots", "2", environment=environment)
        try:
            await until(lambda: _working(admin, list(links.values())[:2]))
            for name in list(links)[2:]:
                await wish(links[name], name)
            await until(lambda: _read(admin, SMALL))
            rows = admin.execute(WAITED.encode()).fetchall()
            loads = admin.execute(
                "select connection_id, count(*), bool_and(status = 'running') from headwater.sync_logs "
                "where entity_type = 'deals' and sync_type = 'full' and connection_id = any(%s) group by 1",
                [[link.id for link in list(links.values())[:2]]],
            ).fetchall()
            for at, (portal, webhook) in enumerate(small, 2):
                assert await equal(warehouse, links[f"small{at}"], portal, webhook)
        finally:
            await ended(worker)

    waited = {name: waited for name, waited, _ in rows}
    assert waited.keys() == links.keys()
    assert all(waited[name] <= MINUTE for name in waited), waited
    assert [(count, running) for _, count, running in loads] == [(1, True)] * 2, "they go on, as one run each"


async def _working(admin: Any, links: list[Link]) -> bool:
    """Whether these are all worked on."""
    taken = admin.execute(
        "select count(*) from headwater.jobs where taken_by is not null and connection_id = any(%s)",
        [[link.id for link in links]],
    ).fetchone()
    return taken == (len(links),)


async def _read(admin: Any, count: int) -> bool:
    """Whether so many connections were read whole."""
    whole = admin.execute("select count(*) from headwater.jobs where payload ? 'whole'").fetchone()
    return whole == (count,)
