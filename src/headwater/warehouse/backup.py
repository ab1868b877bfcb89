"""A copy of the whole database in one file, which is there whole and readable, or not at all."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded.homedir import flush

NAME = re.compile(r"headwater-\d{8}T\d{6}Z\.dump")
HALF = ".part"
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """What is copied, by which programs, and where to. `address` logs in as somebody who sees everything."""

    address: str
    bindir: Path
    folder: Path


async def back_up(place: Place, *, keep: int, now: datetime) -> Path:
    """Makes a copy, looks whether it can be read, and removes all but the newest ones of ours.

    Raises NeedsPerson with what pg_dump said: no room, no rights, another version.
    """
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in place.folder.glob(f"*{HALF}"):
        left.unlink(missing_ok=True)
    copy = place.folder / f"headwater-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.dump"
    half = copy.with_name(copy.name + HALF)
    half.touch(mode=0o600)
    try:
        await _said(place, "pg_dump", ["--format=custom", "--no-password", f"--file={half}"])
        listed = await _said(place, "pg_restore", ["--list", str(half)])
        if "TABLE DATA headwater sync_state" not in listed:
            raise NeedsPerson(f"the backup {half} was made and does not hold our tables")
        flush(half)
        half.rename(copy)
        flush(place.folder)
    finally:
        half.unlink(missing_ok=True)
    for old in kept(place.folder)[:-keep]:
        old.unlink(missing_ok=True)
    return copy


def kept(folder: Path) -> list[Path]:
    """The copies there are, the oldest first. What is not called like ours is somebody else's."""
    return sorted(path for path in folder.glob("headwater-*.dump") if NAME.fullmatch(path.name))


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


async def _said(place: Place, program: str, words: Sequence[str]) -> str:
    """Runs a program of PostgreSQL to its end; a password travels in its environment, never on its command
    line. When we are cancelled, it is ended."""
    known = {key: str(value) for key, value in conninfo_to_dict(place.address).items()}
    variables = {_variable(key): value for key, value in known.items()} if program == "pg_dump" else {}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    try:
        process = await asyncio.create_subprocess_exec(
            place.bindir / program, *words, env=inherited | variables | {"LC_ALL": "C"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as exc:
        raise NeedsPerson(f"cannot run {place.bindir / program} ({exc.strerror}): no backup is made") from exc
    try:
        out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        words_said = err.decode(errors="replace").strip().splitlines()[-3:]
        raise NeedsPerson(f"no backup in {place.folder}: {program} said: {' '.join(words_said)}")
    return out.decode(errors="replace")


def _variable(key: str) -> str:
    """The environment variable by which libpq is told a part of an address."""
    names = {"dbname": "PGDATABASE", "connect_timeout": "PGCONNECT_TIMEOUT"}
    return names.get(key, "PG" + key.upper())
