"""Data rights: who erases people and deletes closed accounts, and what he may look into."""

from datetime import datetime, timedelta
from functools import partial

from headwater.access.closing import Remover
from headwater.access.erasure import Eraser
from headwater.access.papers import Papers
from headwater.warehouse import jobs
from headwater.wiring.copies import backup_place
from headwater.wiring.databases import administrator
from headwater.wiring.logfile import LOGS
from headwater.wiring.opened import House

LOOK_AGAIN = timedelta(minutes=10)


def eraser(house: House) -> Eraser:
    """Erases people from the database and the files of this data home."""
    settings, home = house.settings, house.settings.home
    papers = Papers(
        [home / "log", home / "start.log", home / LOGS],
        home / "backups",
        settings.backups,
        partial(backup_place, settings),
    )
    return Eraser(house.warehouse, house.vault, house.clock, papers, partial(administrator, settings))


def remover(house: House) -> Remover:
    """Deletes closed accounts."""
    return Remover(house.warehouse, house.clock, partial(administrator, house.settings))


async def rights_wished(house: House) -> None:
    """A worker is to do what waits: erasures, and accounts that are to be deleted."""
    async with house.warehouse.connection() as conn:
        await jobs.wake(conn, None, jobs.HOUSE, "rights", due_at=house.clock.now(), urgent=True)


async def rights_done(house: House) -> datetime:
    """Does what waits; when to look again, also for what was cut short without a word."""
    await eraser(house).rest()
    await remover(house).due()
    return house.clock.now() + LOOK_AGAIN
