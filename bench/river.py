"""The whole river over HTTP: `headwater sync` of 50,000 deals, portal, client and server in own processes."""

import asyncio
import math
import sys
import tempfile
from pathlib import Path

import orjson
import psycopg

from bench.ground import Database, Ground, Portal
from bench.measure import Sample, Spent, ran, watched

DEPTH, DRAIN, ANSWER = 50, 2.0, 2_500  # a standard plan's bucket, and the records of one answer
IDLE_SECONDS = 25.0


def floor_seconds(records: int) -> float:
    """The least time the portal's limit allows a reading that finds the bucket empty."""
    return max(0.0, math.ceil(records / ANSWER - DEPTH) / DRAIN)


def drained(database: Database) -> None:
    """Lets our own count of the portal's bucket begin empty: nobody has asked for a while."""
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        admin.execute("update headwater.pacer set level = 0")


def headwater(
    ground: Ground, database: Database, home: Path, portal: Portal, *words: str
) -> tuple[str, Spent]:
    """What a `headwater` process said, and what it cost each side."""
    command = [sys.executable, "-m", "headwater", *words]
    env = ground.environment(database, home)
    with watched(postmaster=ground.postmaster, processes={"sandbox": portal.pid}) as spent:
        said, cpu = ran(command, env=env, cwd=home)
    spent.cpu["client"] = cpu
    return said, spent


async def once(ground: Ground) -> list[Sample]:
    """One run without limits, and one with the portal's real ones after 25 idle seconds."""
    return [*await _full(ground, limits=False), *await _full(ground, limits=True)]


async def _full(ground: Ground, *, limits: bool) -> list[Sample]:
    deals = ground.size(50_000, 5_000)
    with (
        ground.portal(deals, limits=limits) as portal,
        ground.database() as database,
        tempfile.TemporaryDirectory() as home,
    ):
        headwater(ground, database, Path(home), portal, "connect", "bitrix24", portal.webhook)
        if limits and not ground.quick:
            await asyncio.sleep(IDLE_SECONDS)
        else:
            drained(database)
        said, spent = headwater(ground, database, Path(home), portal, "sync", "--entity", "deals", "--json")
        [run] = orjson.loads(said)
    assert run["created"] == deals, run
    kind = "real limits" if limits else "no limits"
    found = [
        Sample(f"{kind}: {deals:,} deals, the whole process", spent.seconds, "s", spent.cpu),
        Sample(f"{kind}: the run alone", deals / run["seconds"], "records/s"),
        Sample(f"{kind}: requests", run["requests"], ""),
    ]
    if limits:
        found.append(Sample("floor of the portal's limit", floor_seconds(deals), "s"))
    return found
