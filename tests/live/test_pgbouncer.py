"""Behind PgBouncer in transaction mode: sessions are nobody's, and everything works as it does without it."""

import asyncio
import os
import random
import shutil
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from headwater.access import keys
from headwater.testing.calm import calmed, check
from headwater.testing.poster import Poster
from headwater.testing.settled import settled
from headwater.testing.site import Site, site
from headwater.testing.storm import Storm
from headwater.warehouse.pool import Warehouse

SEED = int(os.environ.get("HEADWATER_TEST_SEED", random.randrange(1_000_000)))
WORDS = f"HEADWATER_TEST_SEED={SEED}"
INI = """\
[databases]
{name} = host={host} port={port} dbname={name}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
server_reset_query_always = 0
admin_users = hw_app
"""


@dataclass(frozen=True)
class Bouncer:
    """A pooler that runs: the way through it as hw_app, the way past it, and the way to itself."""

    url: str
    direct: str
    console: str

    def transactions(self) -> int:
        """How many transactions it has passed on."""
        with psycopg.connect(self.console, autocommit=True, cursor_factory=psycopg.ClientCursor) as console:
            cursor = console.execute("show stats_totals")
            names = [column.name for column in cursor.description or ()]
            return sum(int(dict(zip(names, row, strict=True))["xact_count"]) for row in cursor)


@pytest.fixture
async def bouncer(newest_database: Any, tmp_path: Path) -> AsyncIterator[Bouncer]:
    """PgBouncer in front of a fresh database; where it may not be root it is somebody else."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    server = newest_database.server
    (tmp_path / "users.txt").write_text('"hw_app" ""\n')
    (tmp_path / "pgbouncer.ini").write_text(
        INI.format(
            name=newest_database.name, host=server.socket_dir, port=server.port, listen=listen,
            users=tmp_path / "users.txt",
        )
    )  # fmt: skip
    root = ["unshare", "-U", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(*root, program, tmp_path / "pgbouncer.ini", stderr=PIPE)
    assert process.stderr is not None
    said = b""
    while b"process up" not in said:
        line = await process.stderr.readline()
        assert line, said.decode()
        said += line
    drained = asyncio.create_task(process.stderr.read())
    try:
        address = f"postgresql://hw_app@127.0.0.1:{listen}"
        yield Bouncer(f"{address}/{newest_database.name}", newest_database.url(), f"{address}/pgbouncer")
    finally:
        process.terminate()
        await process.wait()
        await drained


@pytest.fixture
def portal() -> tuple[str, ...]:
    return ("--deals-only", "--deals", "60")


@pytest.fixture
async def behind(
    bouncer: Bouncer, newest_database: Any, portal: tuple[str, ...], bytecode: Path, tmp_path: Path
) -> AsyncIterator[Site]:
    """A site whose processes reach the database through the pooler, but for what holds a session."""
    home = tmp_path / "home"
    home.mkdir()
    async with site(
        home, url=bouncer.url, admin_url=newest_database.url("postgres"),
        portal=portal, bytecode=bytecode, outside=True,
    ) as made:  # fmt: skip
        made.environment = {**made.environment, "HEADWATER_DATABASE_DIRECT_URL": bouncer.direct}
        yield made


@pytest.mark.timeout(300)
async def test_two_services_load_apply_a_storm_and_answer_though_they_share_three_sessions(behind, bouncer):
    print(WORDS)  # noqa: T201 (shown when it fails)
    place = await behind.connected()
    async with Warehouse(bouncer.url, size=2) as warehouse:
        key = await keys.add(warehouse, place.link.tenant, "bot", ["admin"], now=datetime.now(UTC))
    services = [await behind.begin(), await behind.begin()]
    addresses = [await one.listens() for one in services]
    await behind.loaded()
    async with Poster() as poster:
        storm = Storm(behind.control, poster, random.Random(f"pool {SEED}"), slugs=["deals"])
        storm.addresses = [address + place.path for address in addresses]
        async with storm.blowing():
            while storm.acknowledged < 150:  # noqa: ASYNC110 (the storm makes it true)
                await asyncio.sleep(0.01)
        found = await calmed(behind, place, storm)
    async with Warehouse(bouncer.direct, size=1) as warehouse:
        await settled(warehouse)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=addresses[1], headers=headers, timeout=60) as client:
        status = await client.get("/api/v1/sync/status")
        changes = await client.get("/api/v1/changes", params={"limit": 1000})
    await asyncio.gather(*(one.stop() for one in services))
    for words in (("reconcile",), ("privacy", "analytics", "--yes")):
        command = await behind.begin(*words)
        assert await command.process.wait() == 0, (words, command.last_words())

    check(found, WORDS)
    assert (status.status_code, changes.status_code) == (200, 200)
    assert len(changes.json()["changes"]) > 100
    assert bouncer.transactions() > 1000
