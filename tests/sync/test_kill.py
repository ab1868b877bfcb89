"""kill -9 of the real process at random moments of a real sync: the result equals an undisturbed run."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
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
from headwater.sync import plan, proof
from headwater.testing.fakes import CountingPace
from headwater.warehouse import connections, embedded
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault

pytestmark = pytest.mark.long

DEALS = 150  # and some 2,500 records around them: several answers, so several commits
TRUTHS = {**demo.TRUTHS, "items_177": "dynamic_177"}
SEED = int(os.environ.get("HEADWATER_TEST_SEED", random.randrange(1_000_000)))
TRIES = 40  # a process may end before its moment comes: that is no kill, and is tried again
SETTLED_SECONDS = plan.MARGIN.total_seconds() + 3

AUDIT = """
    select (select total_records from headwater.sync_state where entity_type = 'deals') as counted,
           (select count(*) from crm_deals) as normal,
           (select count(*) from headwater.changes where action = 'create' and entity = 'deals') as created,
           (select count(*) from headwater.due_sets where entity not like '%%_comments') as waiting,
           (select count(*) from crm_activity_links
             where activity_id not in (select external_id from crm_activities)) as loose,
           (select count(*) from headwater.failed) as failed,
           (select count(*) from headwater.sync_state where status <> 'complete') as unfinished,
           (select count(*) from headwater.sync_logs where status = 'running') as running,
           (select count(*)
              from (select d.value -> 0 as old,
                           lag(d.value -> 1) over (partition by h.connection_id, h.entity, h.external_id, d.key
                                                       order by h.began) as known
                      from headwater.history as h, jsonb_each(h.diff) as d) as steps
             where known <> old) as repeated
"""
OPEN = """
    select count(*)
      from pg_stat_activity
     where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
       and backend_type = 'client backend'
"""
SYNCING = "select from headwater.leases where holder = %s"


@dataclass
class Place:
    """A portal in a process of its own, and a data home and a database to sync it into."""

    url: str
    environment: dict[str, str]
    webhook: str
    control: Control
    dice: random.Random
    admin: "psycopg.AsyncConnection[dict[str, Any]]"
    tenant: str = "main"
    behind: float = 0.0
    kills: list[float] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.webhook).netloc

    async def connect(self, tenant: str) -> None:
        """A tenant of that name with nothing stored yet becomes the one that is synced."""
        vault = Vault(Path(self.environment["HEADWATER_HOME"]) / "secret.key")
        async with Warehouse(self.url, size=1) as warehouse:
            owner = await connections.put_tenant(warehouse, tenant, tenant)
            await connections.put_link(
                warehouse, owner, source="bitrix24", portal=self.host, title=self.host,
                sealed=vault.seal(self.webhook), account={},
            )  # fmt: skip
        self.tenant = tenant

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """`headwater sync` in a process of its own, with the portal's bucket empty."""
        await self.admin.execute(
            "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true) "
            "on conflict (portal) do update set level = 0",
            [self.host],
        )
        return await started("sync", "--tenant", self.tenant, *words, environment=self.environment)

    async def sync(self, *words: str) -> float:
        """One undisturbed sync; how many seconds it held the connection."""
        process = await self.start(*words)
        await self.until_it_syncs(process)
        began = time.monotonic()
        out, err = await process.communicate()
        assert process.returncode == 0, (out + err).decode()
        return time.monotonic() - began

    async def until_it_syncs(self, process: asyncio.subprocess.Process) -> None:
        """Returns when the process holds the connection, or has ended."""
        while process.returncode is None:
            holder = f"{socket.gethostname()}:{process.pid}"
            if (await self.admin.execute(SYNCING, [holder])).rowcount:
                return
            await asyncio.sleep(0.002)

    async def killed(self, length: float, *words: str) -> bool:
        """Starts a sync and kills it at a random moment; whether it was still running then."""
        process = await self.start(*words)
        await self.until_it_syncs(process)
        moment = self.dice.uniform(0, length)
        await asyncio.sleep(moment)
        if process.returncode is None:
            process.kill()
        out, err = await process.communicate()
        if process.returncode != -9:
            assert process.returncode == 0, (out + err).decode()
            return False
        self.kills.append(moment)
        return True

    async def work(self, changes: int) -> None:
        """The company makes changes, and so much time passes that they lie inside the next window."""
        for entity in ("deal", "lead", "contact", "company"):
            await self.control.work(changes // 4, entity=entity)
        self.behind += SETTLED_SECONDS
        await self.control.skew(self.behind)

    async def proven(self) -> None:
        """What is stored equals the portal's own data, nothing was written twice, and nothing is left open."""
        source = Bitrix24(self.webhook, pace=CountingPace(), clock=WallClock())
        async with Warehouse(self.url, size=2) as warehouse:
            [owner] = [one for one in await connections.tenants(warehouse) if one.slug == self.tenant]
            [link] = await connections.links(warehouse, owner.id)
            # What autovacuum does a minute after a first sync.
            await self.admin.execute(f"analyze crm_deals, {link.slug}.crm_deals, headwater.history")
            await source.survey(more=True)
            truths = {slug: self.control.truth(entity=name, listed=True) for slug, name in TRUTHS.items()}
            compared = await proof.all_compared(warehouse, link, source, truths)
            [audit] = await warehouse.rows(owner.id, AUDIT, {})
            [typed] = await warehouse.rows(owner.id, f"select count(*) from {link.slug}.crm_deals", {})
        await source.close()
        deals = (await self.control.state())["deals"]
        [left] = await (await self.admin.execute(OPEN)).fetchall()
        words = f"HEADWATER_TEST_SEED={SEED}, killed at {[round(one, 3) for one in self.kills]} s"
        for slug, found in compared.items():
            short = replace(found, missing=found.missing[:9], extra=found.extra[:9])
            assert found.equal, f"{words}: {slug}: {short}"
            assert found.compared, slug
        assert audit == {
            "counted": deals, "normal": deals, "created": deals,
            "failed": 0, "unfinished": 0, "running": 0, "repeated": 0, "waiting": 0, "loose": 0,
        }, words  # fmt: skip
        assert typed == {"count": deals}, words
        assert left == {"count": 0}, words


async def started(*words: str, environment: dict[str, str], **more: Any) -> asyncio.subprocess.Process:
    """`python -m headwater …`, its words to be read."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", *words, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, **more,
    )  # fmt: skip


@asynccontextmanager
async def portal(environment: dict[str, str], *, deals: int) -> AsyncIterator[tuple[str, Control]]:
    """A sandbox portal in a process of its own: its webhook and its control door."""
    process = await started(
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


@pytest.fixture(scope="session")
def environment_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """The environment of a started program. Compiled modules are kept for the next: it starts in half the time."""
    compiled = tmp_path_factory.getbasetemp() / "compiled"

    def made(home: Path, **more: str) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        known.pop("PYTHONDONTWRITEBYTECODE", None)
        return known | {"PYTHONPYCACHEPREFIX": str(compiled), "HEADWATER_HOME": str(home), **more}

    return made


@pytest.fixture
def place_of(newest_database, environment_of, tmp_path) -> Callable[[str], Any]:
    """Makes a place; its name and the seed decide the moments of the kills."""

    @asynccontextmanager
    async def made(name: str) -> AsyncIterator[Place]:
        url = newest_database.url()
        environment = environment_of(tmp_path, HEADWATER_DATABASE_URL=url)
        opened = await psycopg.AsyncConnection.connect(
            newest_database.url("postgres"), autocommit=True, row_factory=dict_row
        )
        async with opened as admin, portal(environment, deals=DEALS) as (webhook, control):
            yield Place(url, environment, webhook, control, random.Random(f"{name} {SEED}"), admin)

    return made


@pytest.mark.parametrize("number", [1, 2])
async def test_a_first_sync_killed_at_any_moment_goes_on_to_an_equal_replica(place_of, number):
    async with place_of(f"first {number}") as place:
        await place.connect("calm")
        length = await place.sync()

        for round_ in range(TRIES):
            await place.connect(f"t{round_}")
            if await place.killed(length):
                await place.work(20)
                await place.sync()
                await place.proven()
            if len(place.kills) == 4:
                break

    assert len(place.kills) == 4, f"HEADWATER_TEST_SEED={SEED}"


async def test_a_first_sync_killed_again_and_again_still_arrives(place_of):
    async with place_of("again") as place:
        await place.connect("calm")
        length = await place.sync()

        for round_ in range(TRIES):
            await place.connect(f"t{round_}")
            place.kills.clear()
            while len(place.kills) < 3 and await place.killed(length * 0.5, "--full"):
                pass
            if len(place.kills) == 3:
                break
        await place.work(50)
        await place.sync()
        await place.proven()

    assert len(place.kills) == 3, f"HEADWATER_TEST_SEED={SEED}"


async def test_a_second_full_sync_killed_at_any_moment_goes_on_to_an_equal_replica(place_of):
    async with place_of("full") as place:
        await place.connect("main")
        await place.sync()
        length = await place.sync("--full")

        for _ in range(TRIES):
            await place.work(160)
            if await place.killed(length, "--full"):
                await place.work(20)
                await place.sync()
                await place.proven()
            if len(place.kills) == 4:
                break

    assert len(place.kills) == 4, f"HEADWATER_TEST_SEED={SEED}"


async def test_an_increment_killed_at_any_moment_goes_on_to_an_equal_replica(place_of):
    async with place_of("increment") as place:
        await place.connect("main")
        await place.sync()
        await place.work(160)
        length = await place.sync()

        for _ in range(TRIES):
            await place.work(160)
            if await place.killed(length):
                await place.work(20)
                await place.sync()
                await place.proven()
            if len(place.kills) == 5:
                break

    assert len(place.kills) == 5, f"HEADWATER_TEST_SEED={SEED}"


async def test_of_two_syncs_at_once_one_works_and_the_other_is_told_who_does(place_of):
    async with place_of("two") as place:
        await place.connect("main")
        await place.control.add_fault("slow", method="batch", count=None, seconds=0.3)
        first = await place.start()
        await place.until_it_syncs(first)
        first.send_signal(signal.SIGSTOP)

        second = await place.start("--json")
        refused, _ = await second.communicate()
        first.send_signal(signal.SIGCONT)
        _, trouble = await first.communicate()

        answer = json.loads(refused)
        assert (second.returncode, answer["exit_code"]) == (4, 4)
        assert answer["message"].startswith(f"{socket.gethostname()}:{first.pid} since ")
        assert "is syncing this connection; wait for it or stop it" in answer["message"]
        assert first.returncode == 0, trouble.decode()
        await place.proven()


async def test_a_killed_postgresql_is_started_again_by_the_next_sync(environment_of, tmp_path):
    home = tmp_path / "home"
    environment = environment_of(home, HEADWATER_SHARE="1")
    async with portal(environment, deals=DEALS) as (webhook, control):
        ended = [await (await started(*words, environment=environment)).communicate() for words in (
            ["connect", "bitrix24", webhook], ["status"],
        )]  # fmt: skip
        await control.add_fault("slow", method="batch", skip=1, count=None, seconds=3)
        syncing = await started("sync", environment=environment)
        async with await psycopg.AsyncConnection.connect(embedded.ensure(home).url()) as watcher:
            while syncing.returncode is None:
                found = await (await watcher.execute("select count(*) from crm_deals")).fetchone()
                await watcher.rollback()
                if found and found[0]:
                    break
                await asyncio.sleep(0.005)
            server = embedded.status(home).pid
            assert server is not None, ended
            os.kill(server, signal.SIGKILL)
            out, err = await syncing.communicate()
        await control.clear_faults()
        again = await started("sync", environment=environment)
        whole, trouble = await again.communicate()

        try:
            assert (syncing.returncode, again.returncode) == (4, 0), (out + err + whole + trouble).decode()
            assert b"Traceback" not in err
            source = Bitrix24(webhook, pace=CountingPace(), clock=WallClock())
            url = embedded.ensure(home).url("hw_app")
            async with Warehouse(url, size=2) as warehouse:
                [owner] = await connections.tenants(warehouse)
                [link] = await connections.links(warehouse, owner.id)
                found = await proof.compared(warehouse, link, source, "deals", control.truth())
            await source.close()
            assert (found.equal, found.compared) == (True, DEALS)
        finally:
            embedded.stop(home)
