"""How copies of the database are made."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.core.settings import Settings
from headwater.warehouse import backup, embedded
from headwater.warehouse.backup import Place
from headwater.wiring.databases import DATABASE

NOT_OURS = "the database is not ours: back it up where it runs, or give HEADWATER_ADMIN_DATABASE_URL"


def backups(settings: Settings) -> tuple[Callable[[datetime], Awaitable[Path]] | None, str]:
    """How a copy of the database is made; or why none can be."""
    if settings.backups == 0:
        return None, "HEADWATER_BACKUPS is 0"
    if settings.admin_database_url is None and settings.database_url is not None:
        return None, NOT_OURS

    async def back_up(now: datetime) -> Path:
        place = await asyncio.to_thread(backup_place, settings)
        return await backup.back_up(place, keep=settings.backups, now=now)

    return back_up, ""


def backup_place(settings: Settings) -> Place:
    """What is copied for a backup, by which programs, and where to. Raises NeedsPerson where we cannot."""
    folder = settings.home / "backups"
    if settings.admin_database_url is not None:
        programs = embedded.binaries.found(settings.pg_bindir)
        return Place(settings.admin_database_url.get_secret_value(), programs.bindir, folder)
    if settings.database_url is not None:
        raise NeedsPerson(NOT_OURS)
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return Place(server.url(server.superuser, DATABASE), server.bindir, folder)
