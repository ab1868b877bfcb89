"""What a running service looks after by itself: its database, and a connection given by environment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headwater import wiring
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater
from headwater.core.settings import Settings
from headwater.sync.live import scheduler
from headwater.wiring import House, house

LOGGER = log.get("cli")
LOOK_SECONDS = 5.0
DATABASE_WAIT_SECONDS = 3.0
MISSED_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


@asynccontextmanager
async def household(known: Settings) -> AsyncIterator[House]:
    """An open house with a database at this program's schema. The embedded server stops with the last service
    of its home, if one of them started it; another database is migrated if there is an administrator's
    address, and has to be ready if not."""
    if known.admin_database_url is not None:
        await asyncio.to_thread(wiring.migrated, known)
    async with wiring.attended(known), house(known, wait_seconds=DATABASE_WAIT_SECONDS) as opened:
        yield opened


async def database_kept(opened: House) -> None:
    """Starts the embedded server again when it is gone, for as long as we live."""
    if not wiring.embeds(opened.settings):
        return
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await scheduler(opened.warehouse, now=opened.clock.now())
        except RetryLater:
            try:
                await asyncio.to_thread(wiring.database, opened.settings)
            except HeadwaterError as exc:
                LOGGER.warning("the database does not start", reason=str(exc))


async def worker_missed(opened: House, *, every_seconds: float = MISSED_SECONDS) -> None:
    """Tells of what is wrong while no worker lives who would: that nobody works is told by nobody else."""
    judge = wiring.alerting(opened)
    while True:
        await asyncio.sleep(every_seconds)
        try:
            if not (await scheduler(opened.warehouse, now=opened.clock.now())).workers:
                await judge.look()
        except HeadwaterError as exc:
            LOGGER.warning("nobody can look what is wrong", reason=str(exc))


async def environment_connected(opened: House) -> None:
    """Connects the portal named in the environment, and tries again for as long as it does not answer."""
    if opened.settings.bitrix24_webhook_url is None:
        return
    pause = FIRST_PAUSE
    while True:
        try:
            await opened.links(await opened.tenant())
        except (RetryLater, NeedsPerson) as exc:
            LOGGER.warning(
                "HEADWATER_BITRIX24_WEBHOOK_URL is not connected yet", reason=str(exc), again_in_seconds=pause
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        else:
            return
