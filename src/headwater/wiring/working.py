"""A worker, with everything it may have to do; and how copies of the database are made."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from headwater.core.ports import Source
from headwater.core.settings import Settings
from headwater.jobs.connected import Connected
from headwater.jobs.house import Household, Terms
from headwater.jobs.taps import Taps
from headwater.jobs.worker import SLOTS, Worker
from headwater.warehouse import address, backup, embedded
from headwater.warehouse.backup import Place
from headwater.warehouse.connections import Link
from headwater.wiring.databases import DATABASE, given
from headwater.wiring.opened import House
from headwater.wiring.watching import alerting


@asynccontextmanager
async def worker(
    house: House,
    *,
    slots: int = SLOTS,
    opened: Callable[[Link], Source] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Worker]:
    """A worker of this process, with everything it may have to do; `run()` makes it work. `opened` makes
    other sources than the house has."""
    engine, taps = house.engine(), Taps(opened or house.source_of)
    connected = Connected(
        engine, taps,
        draw=lambda: random.SystemRandom().randrange(2**31),
        listening={
            "drain": lambda link, source, enough: engine.drain(link, source, enough=enough),
            "sets": lambda link, source, _: engine.sets(link, source),
        },
    )  # fmt: skip
    back_up, why_not = _backups(house.settings)
    terms = Terms(history_months=house.settings.history_months)
    household = Household(
        house.warehouse, house.clock, terms, back_up=back_up, no_backup=why_not, look=alerting(house).look
    )
    try:
        yield Worker(
            house.warehouse, house.clock, connected.works() | household.works(),
            look_over=household.looked_over, slots=slots, monotonic=monotonic,
        )  # fmt: skip
    finally:
        await taps.close()


def _backups(settings: Settings) -> tuple[Callable[[datetime], Awaitable[Path]] | None, str]:
    """How a copy of the database is made; or why none can be."""
    if settings.backups == 0:
        return None, "HEADWATER_BACKUPS is 0"
    if settings.admin_database_url is None and settings.database_url is not None:
        return (
            None,
            "the database is not ours: back it up where it runs, or give HEADWATER_ADMIN_DATABASE_URL",
        )

    def place() -> Place:
        folder = settings.home / "backups"
        if (admin := given(settings, "admin_database_url")) is not None:
            over_network = not address.local(address.parsed(admin))
            programs = embedded.binaries.found(settings.pg_bindir, tls=over_network)
            return Place(admin, programs.bindir, folder)
        server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
        return Place(server.url(server.superuser, DATABASE), server.bindir, folder)

    async def back_up(now: datetime) -> Path:
        return await backup.back_up(await asyncio.to_thread(place), keep=settings.backups, now=now)

    return back_up, ""
