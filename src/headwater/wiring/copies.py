"""Copies of the database: by whom and where they are made, read back and looked at."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.core.settings import Settings
from headwater.warehouse import address, backup, embedded, manifest, restore, sealedkey
from headwater.warehouse.backup import Place, Seal
from headwater.warehouse.manifest import Manifest
from headwater.warehouse.restore import Restored, Step, Target, Terms
from headwater.warehouse.vault import Vault
from headwater.wiring.beside import beside
from headwater.wiring.databases import administrator, app_password_of, embeds

FOLDER = "backups"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that lies somewhere, and what its manifest says; None when it has none that can be read."""

    path: Path
    bytes: int
    manifest: Manifest | None


def nightly(settings: Settings) -> tuple[Callable[[datetime], Awaitable[Path]] | None, str]:
    """How a copy of the database is made at night; or why none can be."""
    if settings.backups == 0:
        return None, "HEADWATER_BACKUPS is 0"
    if settings.admin_database_url is None and settings.database_url is not None:
        return (
            None,
            "the database is not ours: back it up where it runs, or give HEADWATER_ADMIN_DATABASE_URL",
        )

    async def back_up(now: datetime) -> Path:
        place = await asyncio.to_thread(backup_place, settings)
        return await backup.back_up(place, keep=settings.backups, now=now, seal=_seal(settings))

    return back_up, ""


async def backed_up(settings: Settings, to: Path | None, *, now: datetime) -> Copy:
    """Makes a copy: at that path, in that folder, or among those of the data home, where old ones go."""
    if to is None:
        place = await asyncio.to_thread(backup_place, settings)
        path = await backup.back_up(place, keep=settings.backups, now=now, seal=_seal(settings))
        return copy_at(path)
    path = _file(to, now)
    place = await asyncio.to_thread(_place, settings, path.parent)
    await backup.make(place, path, now=now, seal=_seal(settings))
    return copy_at(path)


def copies(settings: Settings, folder: Path | None) -> list[Copy]:
    """The copies in a folder, or in the data home; the oldest first."""
    return [copy_at(path) for path in backup.kept(folder or settings.home / FOLDER)]


def copy_at(path: Path) -> Copy:
    """A copy as it lies there; nothing is read but its manifest."""
    try:
        found = manifest.read(path)
    except NeedsPerson:
        found = None
    return Copy(path, path.stat().st_size, found)


async def verified(settings: Settings, copy: Path, *, deep: bool, told: Callable[[Step], None]) -> Manifest:
    """What a copy is, after its bytes were compared with its manifest; `deep`: every row as well, read into a
    database that is dropped again."""
    if not deep:
        return await backup.verified(copy, embedded.binaries.found(settings.pg_bindir).bindir)
    target = await asyncio.to_thread(_target, settings)
    return await restore.rehearse(target, copy, Terms(told=told))


async def restored(
    settings: Settings,
    copy: Path,
    *,
    replace: bool,
    as_it_was: bool = False,
    passphrase: str | None,
    now: datetime,
    told: Callable[[Step], None],
) -> tuple[Restored, int]:
    """Brings a copy back, and how many keys came with it: those that the data home does not have, if they lie
    beside the copy and the passphrase opens them."""
    keys = await asyncio.to_thread(_unsealed, copy, passphrase or _passphrase(settings))
    target = await asyncio.to_thread(_target, settings)
    taken = await asyncio.to_thread(Vault(settings.home / "secret.key").take_in, keys)
    terms = Terms(replace=replace, as_it_was=as_it_was, app_password=app_password_of(settings), told=told)
    return await restore.restore(target, copy, terms, now=now), taken


async def upgraded(
    settings: Settings, old_bindir: Path | None, *, now: datetime, told: Callable[[Step], None]
) -> tuple[Restored, Path]:
    """Brings the embedded server's data to the programs' major version, by a copy that stays among the
    others; where the old data are kept. Logins keep their passwords."""
    if not embeds(settings):
        raise NeedsPerson("the database is not the embedded one: upgrade its server where it runs")
    waiting = embedded.side_by_side(settings.home, bindir=settings.pg_bindir, old_bindir=old_bindir)
    async with beside(waiting) as sides:
        place = Place(sides.old.url(), sides.new.bindir, settings.home / FOLDER)
        copy = place.folder / backup.name_of(now)
        await backup.make(place, copy, now=now, seal=_seal(settings))
        terms = Terms(passwords=await restore.passwords(sides.old.url()), told=told)
        target = Target(sides.new.url(), sides.new.bindir, settings.home)
        found = await restore.restore(target, copy, terms, now=now)
        return found, await asyncio.to_thread(sides.switch, now)


async def put_aside(settings: Settings) -> tuple[list[str], list[Path]]:
    """What restores and upgrades put aside: databases, and folders of data."""
    folders = embedded.upgrade.kept(settings.home) if embeds(settings) else []
    return await restore.remains(await asyncio.to_thread(_target, settings)), folders


async def removed(settings: Settings) -> tuple[list[str], list[Path]]:
    """Removes what was put aside; what it was."""
    databases, folders = await put_aside(settings)
    target = await asyncio.to_thread(_target, settings)
    for database in databases:
        await restore.forget(target, database)
    for folder in folders:
        await asyncio.to_thread(embedded.upgrade.forget, folder)
    return databases, folders


def _file(to: Path, now: datetime) -> Path:
    return to / backup.name_of(now) if to.is_dir() else to


def _unsealed(copy: Path, passphrase: str | None) -> list[str]:
    sealed = manifest.key_beside(copy)
    if passphrase is None or not sealed.exists():
        return []
    return sealedkey.unseal(sealed, passphrase).split()


def backup_place(settings: Settings) -> Place:
    """What is copied at night, by which programs, and where to. NeedsPerson where it is not ours."""
    return _place(settings, settings.home / FOLDER)


def _place(settings: Settings, folder: Path) -> Place:
    target = _target(settings)
    return Place(target.address, target.bindir, folder)


def _target(settings: Settings) -> Target:
    """The database of these settings, as its administrator, and the programs that copy it."""
    if not embeds(settings):
        admin = administrator(settings)
        over_network = not address.local(address.parsed(admin))
        return Target(admin, embedded.binaries.found(settings.pg_bindir, tls=over_network).bindir)
    server = embedded.ensure(settings.home, bindir=settings.pg_bindir)
    return Target(server.url(), server.bindir, settings.home)


def _seal(settings: Settings) -> Seal | None:
    passphrase = _passphrase(settings)
    return None if passphrase is None else Seal(settings.home / "secret.key", passphrase)


def _passphrase(settings: Settings) -> str | None:
    kept = settings.backup_passphrase
    return None if kept is None else kept.get_secret_value()
