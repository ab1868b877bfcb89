"""Workers as processes: killed, stopped, cut off, orphaned; the replica equals the portal all the same."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.rows import dict_row

from headwater.cli import demo
from headwater.core.clock import WallClock
from headwater.sandbox.control import Control
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync import proof
from headwater.testing.fakes import CountingPace
from headwater.warehouse import connections, embedded, jobs
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

pytestmark = pytest.mark.long

DEALS = 400
TRUTHS = {**demo.TRUTHS, "items_177": "dynamic_177"}
PAGES = "select coalesce(sum(synced_records), 0) as pages from headwater.sync_state"
SYNC = "select * from headwater.jobs where kind = 'sync'"
IN_A_TRANSACTION = """
    select count(*) from pg_stat_activity
     where datname = current_database() and application_name = 'headwater' and xact_start is not null
"""
CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name in ('headwater worker', 'headwater lease')
"""


@dataclass
class Place:
    """A portal in a process of its own, a database with a connection to it, and workers."""

    url: str
    environment: dict[str, str]
    webhook: str
    control: Control
    admin: "psycopg.AsyncConnection[dict[str, Any]]"
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def connect(self) -> None:
        """The portal's connection, and the wish for its first load."""
        vault = Vault(Path(self.environment["HEADWATER_HOME"]) / "secret.key")
        host = urlsplit(self.webhook).netloc
        # Nobody has asked this portal yet. We would not know, and wait until its bucket had run empty.
        await self.admin.execute(
            "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)"
            " on conflict (portal) do update set level = 0",
            [host],
        )
        async with Warehouse(self.url, size=1) as warehouse:
            owner = await connections.put_tenant(warehouse, "main", "Main")
            link = await connections.put_link(
                warehouse, owner, source="bitrix24", portal=host, title=host,
                sealed=vault.seal(self.webhook), account={},
            )  # fmt: skip
            async with warehouse.connection() as conn:
                await jobs.wake(conn, owner.id, link.id, "sync", due_at=datetime.now(UTC))

    async def worker(self, *words: str, **more: Any) -> asyncio.subprocess.Process:
        process = await run("worker", *words, environment=self.environment, **more)
        self.started.append(process)
        return process

    async def one(self, query: str) -> dict[str, Any]:
        found = await (await self.admin.execute(query)).fetchone()
        assert found is not None
        return found

    async def when(self, query: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The row, once it holds."""
        while True:
            row = await (await self.admin.execute(query)).fetchone()
            if row is not None and holds(row):
                return row
            await asyncio.sleep(0.01)

    async def in_the_middle(self) -> int:
        """The number of the worker that is in the middle of the first load."""
        await self.when(PAGES, lambda row: row["pages"] > 0)
        return int((await self.when(SYNC, lambda row: row["taken_by"] is not None))["taken_by"])

    async def loaded(self) -> None:
        await self.when(SYNC, lambda row: bool(row["payload"].get("whole")) and row["taken_by"] is None)

    async def proven(self) -> None:
        """What is stored equals the portal, and no run is left open."""
        source = Bitrix24(self.webhook, pace=CountingPace(), clock=WallClock())
        async with Warehouse(self.url, size=2) as warehouse:
            [owner] = await connections.tenants(warehouse)
            [link] = await connections.links(warehouse, owner.id)
            await source.survey(more=True)
            truths = {slug: self.control.truth(entity=name, listed=True) for slug, name in TRUTHS.items()}
            compared = await proof.all_compared(warehouse, link, source, truths)
        await source.close()
        for slug, found in compared.items():
            assert found.equal, f"{slug}: {found}"
        left = await self.one("select count(*) from headwater.sync_logs where status = 'running'")
        assert left == {"count": 0}


async def run(*words: str, environment: dict[str, str], **more: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", *words, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, **more,
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process) -> str:
    """Waits for its good end; what it said."""
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
    return (out + err).decode()


@asynccontextmanager
async def portal(environment: dict[str, str], deals: int) -> AsyncIterator[tuple[str, Control]]:
    process = await run(
        "sandbox", "bitrix24", "--with-parent", "--no-limits", "--deals", str(deals),
        environment=environment, stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    try:
        webhook = (await process.stdout.readline()).decode().strip()
        token = (await process.stdout.readline()).decode().split()[-1]
        parts = urlsplit(webhook)
        async with Control(f"{parts.scheme}://{parts.netloc}", token) as control:
            yield webhook, control
    finally:
        process.terminate()
        await process.communicate()


def environment_of(home: Path, **more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    return known | {"HEADWATER_HOME": str(home), "HEADWATER_SHARE": "1", "HEADWATER_DEBUG": "1", **more}


@pytest.fixture
async def place(newest_database, tmp_path) -> AsyncIterator[Place]:
    environment = environment_of(tmp_path, HEADWATER_DATABASE_URL=newest_database.url())
    admin = await psycopg.AsyncConnection.connect(
        newest_database.url("postgres"), autocommit=True, row_factory=dict_row
    )
    async with admin, portal(environment, DEALS) as (webhook, control):
        made = Place(newest_database.url(), environment, webhook, control, admin)
        await made.connect()
        await control.add_fault("slow", method="batch", count=None, seconds=0.4)
        try:
            yield made
        finally:
            for process in made.started:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()


async def test_when_a_worker_is_killed_in_the_middle_another_goes_on_at_once(place: Place):
    workers = [await place.worker(), await place.worker()]
    number = await place.in_the_middle()
    [row] = await (
        await place.admin.execute("select pid from headwater.workers where id = %s", [number])
    ).fetchall()
    [killed] = [one for one in workers if one.pid == row["pid"]]
    [other] = [one for one in workers if one is not killed]
    killed.kill()
    began = time.monotonic()
    await place.when(SYNC, lambda row: row["taken_by"] not in (None, number))
    assert time.monotonic() - began < 60, "not after some lease has run out"
    await place.control.clear_faults()
    await place.loaded()
    await place.proven()

    other.terminate()
    assert "work of a dead worker is taken over" in await ended(other)
    assert await place.one("select count(*) from headwater.workers") == {"count": 0}


async def test_a_worker_told_to_stop_commits_its_page_and_the_next_one_goes_on(place: Place):
    first = await place.worker()
    await place.in_the_middle()
    first.terminate()
    await ended(first)
    job = await place.one(SYNC)
    assert (job["taken_by"], job["error"], job["due_at"] <= datetime.now(UTC)) == (None, None, True)
    assert await place.one("select count(*) from headwater.sync_logs where status = 'failed'") == {"count": 0}

    second = await place.worker()
    await place.control.clear_faults()
    await place.loaded()
    await place.proven()
    second.terminate()
    await ended(second)
    assert await place.one("select count(*) from headwater.sync_logs where status = 'failed'") == {"count": 0}


async def test_a_worker_that_was_stopped_and_cut_off_comes_back_and_its_commits_are_refused(place: Place):
    first = await place.worker()
    number = await place.in_the_middle()
    while True:
        first.send_signal(signal.SIGSTOP)
        if await place.one(IN_A_TRANSACTION) == {"count": 0}:
            break
        first.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.01)
    await place.admin.execute(CUT)
    second = await place.worker()
    await place.when(SYNC, lambda row: row["taken_by"] not in (None, number))
    await place.when("select fence from headwater.leases", lambda row: row["fence"] == 2)
    first.send_signal(signal.SIGCONT)
    await place.when(
        f"select count(*) from headwater.workers where id <> {number}", lambda row: row["count"] == 2
    )
    await place.control.clear_faults()
    await place.loaded()
    await place.proven()

    for process in (first, second):
        process.terminate()
        await ended(process)


async def test_a_worker_ends_with_its_parent(place: Place):
    process = await place.worker("--with-parent", stdin=asyncio.subprocess.PIPE)
    await place.in_the_middle()
    assert process.stdin is not None
    process.stdin.close()
    await ended(process)
    assert await place.one("select count(*) from headwater.workers") == {"count": 0}


async def test_a_worker_recovers_when_its_database_was_away(tmp_path):
    home = tmp_path / "home"
    environment = environment_of(home)
    async with portal(environment, 20) as (webhook, _):
        await ended(await run("connect", "bitrix24", webhook, environment=environment))
        worker = await run("worker", environment=environment)
        try:
            await synced(home, again=False)
            embedded.stop(home)
            embedded.ensure(home)
            await synced(home, again=True)
        finally:
            worker.terminate()
            said = await ended(worker)
            embedded.stop(home)
    assert "worker begins anew" in said


async def synced(home: Path, *, again: bool) -> None:
    """Returns when a worker has done the first sync, or another one that is wished for now."""
    server = embedded.ensure(home)
    async with Warehouse(server.url("hw_app"), size=1) as warehouse:
        [tenant] = await connections.tenants(warehouse)
        [link] = await connections.links(warehouse, tenant.id)
        since = datetime.now(UTC)
        if again:
            async with warehouse.connection() as conn:
                await jobs.wake(conn, tenant.id, link.id, "sync", due_at=since)
        while True:
            lines = await jobs.listed(warehouse, tenant.id)
            done = [line.done_at for line in lines if line.kind == "sync" and line.done_at is not None]
            if done and (not again or done[0] > since):
                return
            await asyncio.sleep(0.05)
