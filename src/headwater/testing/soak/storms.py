"""Rounds of storms: a service is killed while events arrive, and its database too; then all is compared."""

import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from headwater.testing.calm import calmed
from headwater.testing.poster import Poster
from headwater.testing.service import Broken
from headwater.testing.site import Site, site
from headwater.testing.storm import Storm
from headwater.testing.struck import struck
from headwater.warehouse import embedded
from headwater.warehouse.migrate import migrate

KILLS = 20
SERVER_KILLED = 0.5  # the share of rounds in whose middle the database is killed, too


@dataclass(slots=True)
class Gale:
    """What a round did and found; an empty `complaints` means that all is as it has to be."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    events: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Acknowledged events a second."""
        return self.acknowledged / self.seconds if self.seconds else 0.0


async def blown(seed: int, *, bytecode: Path, kills: int = KILLS) -> Gale:
    """One round from an empty home to the comparison."""
    gale, began = Gale(seed), time.monotonic()
    dice = random.Random(seed)  # noqa: S311 (a rehearsal, not a secret)
    with tempfile.TemporaryDirectory(prefix="headwater-soak-") as folder:
        home = Path(folder)
        server = await asyncio.to_thread(embedded.ensure, home)
        try:
            await asyncio.to_thread(migrate, server.url())
            deals = dice.randint(40, 400)
            portal = ("--deals", str(deals), "--seed", str(seed))
            async with site(
                home, url=server.url("hw_app"), admin_url=server.url("postgres"),
                portal=portal, bytecode=bytecode, outside=False,
            ) as ground:  # fmt: skip
                await _blow(ground, gale, dice, kills)
        except Broken as exc:
            gale.complaints.append(str(exc))
        finally:
            await asyncio.to_thread(embedded.stop, home)
    gale.seconds = time.monotonic() - began
    return gale


async def _blow(ground: Site, gale: Gale, dice: random.Random, kills: int) -> None:
    place = await ground.connected()
    service = await ground.begin()
    address = await service.listens()
    await ground.loaded()
    async with Poster() as poster:
        storm = Storm(ground.control, poster, dice)
        storm.addresses = [address + place.path]
        async with storm.blowing():
            for count in (kills // 2, kills - kills // 2):
                done, service = await struck(ground, place, storm, service, dice, rounds=count)
                gale.kills.update({part.value: number for part, number in done.items()})
                if count == kills // 2 and dice.random() < SERVER_KILLED:
                    gale.kills["server"] += await _server_killed(ground.home)
        gale.events, gale.acknowledged = len(storm.events), storm.acknowledged
        gale.complaints += await calmed(ground, place, storm)
    await service.stop()


async def _server_killed(home: Path) -> bool:
    """The postmaster is killed, and up again. The service would start it too."""
    pid = embedded.status(home).pid
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(embedded.ensure, home)
    return True
