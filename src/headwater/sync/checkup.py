"""Everything that must be right for data to flow, looked at one by one, each with its remedy."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.core.errors import HeadwaterError
from headwater.core.ports import Clock, Source
from headwater.warehouse.connections import Link
from headwater.warehouse.facts import Line, facts, line
from headwater.warehouse.pool import Warehouse

DISK_BYTES = 2 * 1024**3
SKEW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `remedy` is empty when all is well."""

    what: str
    found: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        return not self.remedy


async def database_checks(warehouse: Warehouse, clock: Clock, home: Path) -> list[Check]:
    """The database and the machine it is on."""
    known, way = await facts(warehouse), await line(warehouse)
    skew = abs((known.now - clock.now()).total_seconds())
    free = shutil.disk_usage(await asyncio.to_thread(_existing, home)).free
    return [
        Check("database", f"PostgreSQL {known.version}, {known.bytes / 1e6:,.0f} MB, {known.encoding}"),
        encryption(way),
        Check(
            "Cyrillic", "letters" if known.knows_cyrillic else "not known as letters",
            "" if known.knows_cyrillic else
            "create the database anew with LC_CTYPE C.UTF-8 or another UTF-8 locale: Russian search needs it",
        ),
        Check(
            "clock", f"{skew:.0f} s between this machine and the database",
            "" if skew < SKEW_SECONDS else "set both clocks by NTP",
        ),
        Check(
            "disk", f"{free / 1e9:,.1f} GB free at {home}",
            "" if free > DISK_BYTES else "make room: PostgreSQL stops when the disk is full",
        ),
    ]  # fmt: skip


def encryption(way: Line) -> Check:
    """Whether somebody on the way to the database could read along, or take its place."""
    if way.local:
        return Check("encryption", "not needed: the database is on this machine")
    if not way.encrypted:
        return Check(
            "encryption", "none, over a network",
            "switch TLS on in the server and take sslmode=disable out of the address",
        )  # fmt: skip
    proven = (
        "the server is proven" if way.proven else "the server is not proven: sslrootcert names its authority"
    )
    return Check("encryption", f"TLS; {proven}")


def settings_check(unknown: Sequence[str]) -> Check:
    """Variables that look like settings and are none: nobody heeds them."""
    if not unknown:
        return Check("settings", "all known")
    return Check(
        "settings",
        f"unknown: {', '.join(unknown)}",
        "correct their names (docs/settings.md has all), or remove them",
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists already."""
    return next(one for one in (folder, *folder.parents) if one.exists())


async def connection_checks(
    links: Sequence[Link], source_of: Callable[[Link], Source]
) -> AsyncIterator[Check]:
    """Each connection: whether its portal answers, whose it is, and what it may not see."""
    for link in links:
        source: Source | None = None
        try:
            source = source_of(link)
            account = await source.check()
        except HeadwaterError as exc:
            yield Check(link.slug, f"{link.portal} does not let us in", str(exc))
        else:
            found = f"{account.portal} as {account.person}"
            yield Check(link.slug, found, " · ".join(account.missing))
        finally:
            if source is not None:
                await source.close()
