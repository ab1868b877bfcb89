"""What river, reconciliation and memory share: `headwater` processes at work on a portal that counts."""

import asyncio
import math
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.ground import Database, Ground, Portal
from bench.measure import Spent, ran, watched
from headwater.sandbox.control import Control

DEPTH, DRAIN, ANSWER = 50, 2.0, 2_500  # a standard plan's bucket, and the records of one answer
IDLE_SECONDS = 25.0  # in which both counts of the bucket, the portal's and ours, run empty


def answers(sizes: Mapping[str, int]) -> int:
    """The least answers so many records of each entity come in."""
    return sum(math.ceil(count / ANSWER) for count in sizes.values())


def floor_seconds(sizes: Mapping[str, int]) -> float:
    """The least time the portal's limit allows a reading that finds the bucket empty."""
    return max(0.0, (answers(sizes) - DEPTH) / DRAIN)


def size_of(sizes: Mapping[str, int]) -> str:
    """So many records, in words."""
    if len(sizes) > 1:
        return f"{sum(sizes.values()):,} records of {len(sizes)} entities"
    return ", ".join(f"{count:,} {name}" for name, count in sizes.items())


@dataclass(frozen=True)
class Program:
    """`headwater` processes that work in a database."""

    ground: Ground
    database: Database
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return self.ground.environment(self.database, self.home)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "headwater", *words]


@dataclass(frozen=True)
class Client(Program):
    """A connection whose `headwater` processes run one after another."""

    portal: Portal

    def run(self, *words: str) -> tuple[Any, Spent]:
        """What a command said in JSON, and what it cost each side."""
        with watched(postmaster=self.ground.postmaster, processes={"sandbox": self.portal.pid}) as spent:
            said, cpu = ran(self.command(*words, "--json"), env=self.environment, cwd=self.home)
        spent.cpu["client"] = cpu
        return orjson.loads(said), spent

    async def rest(self, sizes: Mapping[str, int]) -> None:
        """Waits until the bucket is empty, where that bears on reading so much. Where it does not, only our
        own count is emptied: it begins full, as nobody knows what was asked before."""
        if floor_seconds(sizes):
            await asyncio.sleep(IDLE_SECONDS)
        else:
            self.database.drained()


@contextmanager
def connected(
    ground: Ground,
    portal: Portal,
    *,
    only: Mapping[str, int] | None = None,
) -> Iterator[Client]:
    """A connection to the portal in a fresh database, which syncs these entities, or all."""
    with ground.database() as database, tempfile.TemporaryDirectory() as folder:
        client = Client(ground, database, Path(folder), portal)
        trust = ["--ca", str(portal.ca)] if portal.ca else []
        client.run("connect", "bitrix24", portal.webhook, *trust)
        if only is not None:
            database.only(only)
        yield client


async def cheap(portal: Portal) -> None:
    """Lets pages cost the portal nothing: what is measured is its limit of requests."""
    async with _control(portal) as control:
        await control.limits(floor_seconds=3600.0)


async def told(portal: Portal) -> dict[str, Any]:
    """What the portal counted: requests, and those it refused."""
    async with _control(portal) as control:
        return await control.stats()


def _control(portal: Portal) -> Control:
    verify = ssl.create_default_context(cafile=portal.ca) if portal.ca else True
    return Control(portal.root, portal.token, verify=verify)
