"""A copy of the whole database in one file, a manifest beside it: both there whole, or no copy at all."""

import asyncio
import fcntl
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from headwater import __version__
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import fingerprints, manifest, sealedkey, sql
from headwater.warehouse.embedded.homedir import flush, write_whole
from headwater.warehouse.fingerprints import Frozen
from headwater.warehouse.manifest import Manifest, Role
from headwater.warehouse.programs import said

NAME = re.compile(r"headwater-\d{8}T\d{6}Z\.dump")
STAMP = "headwater-%Y%m%dT%H%M%SZ.dump"
HALF = ".part"
PACKED = 0.4
"""No copy was ever seen that took more of what its tables take on disk."""

PATIENT = "--lock-wait-timeout=60000"
"""Milliseconds. Who waits for us to change a table stands in its way: without a limit both might for ever."""

SPARE_BYTES = 64 * 2**20
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """What is copied, by which programs, and where to. `address` logs in as somebody who sees everything."""

    address: str
    bindir: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Seal:
    """The key file of the credentials, and the passphrase that it is sealed with beside a copy."""

    keys: Path
    passphrase: str


async def back_up(place: Place, *, keep: int, now: datetime, seal: Seal | None = None) -> Path:
    """Makes a copy in the folder, and removes all but the newest ones of ours there.

    Raises NeedsPerson with what pg_dump said: no room, no rights, another version.
    """
    copy = place.folder / name_of(now)
    await make(place, copy, now=now, seal=seal)
    for old in kept(place.folder)[:-keep]:
        forget(old)
    return copy


async def make(place: Place, copy: Path, *, now: datetime, seal: Seal | None = None) -> Manifest:
    """Makes a copy under this name, and says what is in it.

    What pg_dump copies and what is counted and hashed for the manifest is one moment of the database, however
    much is written meanwhile. The file gets its name last: what is called so is whole.
    """
    sealed = await asyncio.to_thread(_sealed, seal) if seal is not None else None
    with _half(copy) as half:
        async with fingerprints.frozen(place.address) as frozen:
            facts = await _facts(frozen)
            roomy(copy.parent, int(facts.pop("table_bytes") * PACKED))
            dumping = asyncio.create_task(_dumped(place, frozen, half))
            try:
                tables = await frozen.counted()
                await dumping
            finally:
                dumping.cancel()
                await asyncio.wait([dumping])
        await _complete(place, half, tables)
        made = Manifest(
            **facts,
            format=manifest.FORMAT, made_at=now, program=__version__, tables=tables,
            dump_bytes=half.stat().st_size,
            dump_sha256=await asyncio.to_thread(manifest.digest, half),
            key="absent" if sealed is None else "sealed",
        )  # fmt: skip
        if sealed is not None:
            write_whole(manifest.key_beside(copy), sealed)
        manifest.write(copy, made)
        half.rename(copy)
        flush(copy.parent)
    return made


def name_of(now: datetime) -> str:
    """What a copy of this moment is called in the folder of copies."""
    return now.astimezone(UTC).strftime(STAMP)


def kept(folder: Path) -> list[Path]:
    """The copies there are, the oldest first. What is not called like ours is somebody else's."""
    return sorted(path for path in folder.glob("headwater-*.dump") if NAME.fullmatch(path.name))


def newest_at(folder: Path) -> datetime | None:
    """When the newest copy was made, by its name; None: there is none that we may see."""
    found = kept(folder)
    return made_at(found[-1]) if found else None


def made_at(copy: Path) -> datetime:
    """When a copy of ours was made, by its name."""
    return datetime.strptime(copy.name, STAMP).replace(tzinfo=UTC)


async def lines(place: Place, copy: Path) -> AsyncIterator[bytes]:
    """What a copy holds, line by line, as it would be told to a database. Raises NeedsPerson."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    process = await asyncio.create_subprocess_exec(
        place.bindir / "pg_restore", "--file=-", str(copy), env=environment | {"LC_ALL": "C"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    left = b""
    try:
        while process.stdout and (chunk := await process.stdout.read(CHUNK)):
            *whole, left = (left + chunk).split(b"\n")
            for line in whole:
                yield line
        if left:
            yield left
        if await process.wait() != 0:
            raise NeedsPerson(f"the backup {copy} cannot be read back: pg_restore ended with an error")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def forget(copy: Path) -> None:
    """Removes a copy and what lies beside it."""
    for path in (copy, manifest.beside(copy), manifest.key_beside(copy)):
        path.unlink(missing_ok=True)


def roomy(folder: Path, wanted_bytes: int) -> None:
    """Raises NeedsPerson unless so much fits where the folder is."""
    free = shutil.disk_usage(folder).free
    if free < wanted_bytes + SPARE_BYTES:
        raise NeedsPerson(
            f"not enough room in {folder}: {_megabytes(wanted_bytes + SPARE_BYTES)} may be needed, "
            f"{_megabytes(free)} are free"
        )


async def verified(copy: Path, bindir: Path) -> Manifest:
    """The manifest of a copy that is as it was made, and that pg_restore can read. Raises NeedsPerson."""
    found = await asyncio.to_thread(manifest.check, copy)
    await _complete(Place("", bindir, copy.parent), copy, found.tables)
    return found


async def _facts(frozen: Frozen) -> dict[str, Any]:
    """What the manifest says of the database besides its rows."""
    try:
        [facts] = await frozen.read(sql.backup_facts)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as exc:
        raise NeedsPerson("this database has no Headwater schema: there is nothing to back up") from exc
    sequences = {row["name"]: row["value"] for row in await frozen.read(sql.backup_sequences)}
    roles = [Role(**row) for row in await frozen.read(sql.backup_roles)]
    return {**facts, "sequences": sequences, "roles": roles}


async def _dumped(place: Place, frozen: Frozen, half: Path) -> None:
    words = ["--format=custom", "--compress=1", "--no-password", f"--snapshot={frozen.snapshot}", PATIENT]
    try:
        await said(place.bindir / "pg_dump", [*words, f"--file={half}"], address=place.address)
    except NeedsPerson as exc:
        raise NeedsPerson(f"no backup in {place.folder}: {exc}") from exc


async def _complete(place: Place, copy: Path, tables: Iterable[str]) -> None:
    """Raises NeedsPerson when the copy cannot be read, or when rows of a table are not in it."""
    listed = await said(place.bindir / "pg_restore", ["--list", copy])
    lost = [name for name in tables if f" TABLE DATA {name.replace('.', ' ', 1)} " not in listed]
    if lost:
        raise NeedsPerson(f"{copy} does not hold {', '.join(lost[:5])}")


def _sealed(seal: Seal) -> str | None:
    return sealedkey.seal(seal.keys.read_text(), seal.passphrase) if seal.keys.exists() else None


@contextmanager
def _half(copy: Path) -> Iterator[Path]:
    """The file while it is being written; locked, so that nobody takes it for one that was left."""
    if copy.exists():
        raise NeedsPerson(f"{copy} is there already: name another file, a backup is never written over")
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in copy.parent.glob("headwater-*.dump.*"):
        whole = left.with_suffix("")
        unfinished = left.suffix == HALF or not whole.exists()
        if NAME.fullmatch(whole.name) and unfinished and not _being_made(whole):
            left.unlink(missing_ok=True)
    half = copy.with_name(copy.name + HALF)
    descriptor = os.open(half, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(descriptor):
            raise RetryLater(f"another process makes {copy} just now")
        try:
            yield half
        finally:
            half.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _being_made(copy: Path) -> bool:
    try:
        descriptor = os.open(copy.with_name(copy.name + HALF), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
