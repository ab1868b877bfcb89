"""The service while it lives: how soon a change is here, what a storm of events does, what it takes idle."""

import asyncio
import json
import random
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from bench.client import Client, Program, connected, told
from bench.ground import Ground, Portal
from bench.measure import Sample, held
from headwater.sandbox.control import Control
from headwater.testing.poster import posted

STORM_RATE = 500.0  # events a second
BURST = 1_000  # events within one second
CHANGE_SECONDS = 3.0  # between two changes: twenty a minute
PATIENCE_SECONDS = 60.0
TITLED = """
    select count(*) from public.crm_deals as d join headwater.connections as c on c.id = d.connection_id
     where c.slug = %s and d.title = %s
"""


async def once(ground: Ground) -> list[Sample]:
    """One run with two portals of one company behind one service."""
    deals = ground.size(100_000, 2_500)
    with (
        ground.portal({"deals": deals}, limits=True) as portal,
        ground.portal({"deals": 2_500}, limits=True) as other,
        connected(ground, portal, only={"deals": deals}) as client,
    ):
        client.run("connect", "bitrix24", other.webhook, "--slug", "other")
        client.database.only({"deals"})
        client.run("sync")
        with service(client) as (address, pid):
            doors = [_door(client, address, slug) for slug in ("bitrix24", "other")]
            await asyncio.sleep(ground.size(60, 1))
            found = [Sample("idle for a minute, with PostgreSQL", held(pid, ground.postmaster), "MB")]
            found += await _seen(ground, client, other, doors[1])
            found += await _burst(ground, client, portal, other, doors[0])
            found += await _storm(ground, client, address, doors[0], deals)
    return found


@contextmanager
def service(program: Program) -> Iterator[tuple[str, int]]:
    """`headwater serve` on a free port: its address, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = program.command("serve", "--port", str(port))
    with (program.home / "serve.log").open("wb") as output:
        process = subprocess.Popen(
            command, env=program.environment, cwd=program.home, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for_health(process, address)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for_health(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the service ended")
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            if json.load(answer)["scheduler"]["running"]:
                return
        time.sleep(0.1)
    raise RuntimeError("the service does not work")


def _start(address: str, key: str) -> None:
    """Has everything of the first portal read again."""
    asked = urllib.request.Request(
        f"{address}/api/v1/sync/start/deals",
        data=b'{"sync_type": "full", "connection": "bitrix24"}',
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    urllib.request.urlopen(asked, timeout=30).close()


def _door(client: Client, address: str, slug: str) -> str:
    made, _ = client.run("events", "address", "--public-url", address, "--connection", slug)
    return str(made["address"])


async def _seen(ground: Ground, client: Client, portal: Portal, door: str) -> list[Sample]:
    """How long after a change in the portal the tables show it."""
    took = []
    async with Control(portal.root, portal.token) as control:
        await control.add_handler(door)
        for number in range(ground.size(20, 2, 100)):
            began = time.perf_counter()
            await control.change(random.randrange(1, 2_500), {"TITLE": f"seen {number}"})
            await _shown(client, "other", f"seen {number}")
            took.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, CHANGE_SECONDS - took[-1]))
    return [
        Sample("a change is in the tables after, median", statistics.median(took) * 1000, "ms"),
        Sample("  the slowest of these", max(took) * 1000, "ms"),
    ]


async def _burst(ground: Ground, client: Client, portal: Portal, other: Portal, door: str) -> list[Sample]:
    """A mass edit: a thousand changes within a second, and one elsewhere."""
    size = ground.size(BURST, 100)
    async with (
        Control(portal.root, portal.token) as control,
        Control(other.root, other.token) as elsewhere,
    ):
        ids = [str(id) for id in await control.burst(size, {"TITLE": "burst"})]
        before = (await told(portal))["requests"]
        sent = asyncio.create_task(posted(door, ids, rate=size))
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        await elsewhere.change(7, {"TITLE": "elsewhere"})
        alone = asyncio.create_task(_after(began, _shown(client, "other", "elsewhere")))
        await sent
        began = time.perf_counter()
        await _shown(client, "bitrix24", "burst", size)
        took, requests = time.perf_counter() - began, (await told(portal))["requests"] - before
        await alone
        await asyncio.sleep(10)
        later = (await told(portal))["requests"] - before
    return [
        Sample(f"{size:,} events within a second: stored after the last answer", took, "s"),
        Sample("  requests to the portal until then", requests, ""),
        Sample("  requests ten seconds later, with what belongs to the records", later, ""),
        Sample("  a change of another portal meanwhile is seen after", alone.result(), "s"),
    ]


async def _storm(ground: Ground, client: Client, address: str, door: str, deals: int) -> list[Sample]:
    """Events at a steady rate: how long the portal waits for answers; also while everything is read again."""
    count = int(STORM_RATE * ground.size(20, 1, 60))
    found = []
    key = str(client.run("key", "add", "bench", "--scope", "sync")[0]["key"])
    for what in ("", ", during a full sync"):
        if what:
            _start(address, key)
        before = _events(client)
        ids = [str(random.randrange(1, deals)) for _ in range(count)]
        took = sorted(await posted(door, ids, rate=STORM_RATE))
        assert _events(client) - before == count, "an event that was acknowledged is not stored"
        found += [
            Sample(
                f"{STORM_RATE:.0f} events a second{what}: answered after, median",
                took[count // 2] * 1000,
                "ms",
            ),
            Sample(f"  99 of 100{what}", took[count * 99 // 100] * 1000, "ms"),
            Sample(f"  the slowest{what}", took[-1] * 1000, "ms"),
        ]
    return found


async def _shown(client: Client, slug: str, title: str, count: int = 1) -> None:
    """Waits until so many deals have that title."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    async with await psycopg.AsyncConnection.connect(
        client.database.url("postgres"), autocommit=True
    ) as conn:
        while time.perf_counter() < deadline:
            row = await (await conn.execute(TITLED, [slug, title])).fetchone()
            if row is not None and row[0] >= count:
                return
            await asyncio.sleep(0.02)
    raise RuntimeError(f"{slug}: {title} was not seen in {PATIENCE_SECONDS:.0f} s")


def _events(client: Client) -> int:
    """How many events are stored."""
    with psycopg.connect(client.database.url("postgres"), autocommit=True) as conn:
        row = conn.execute("select count(*) from headwater.inbox").fetchone()
    return int(row[0]) if row else 0


async def _after(began: float, work: Awaitable[None]) -> float:
    await work
    return time.perf_counter() - began
