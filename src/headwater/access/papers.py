"""Files that may tell of a person: logs of this data home, looked through and blacked out, and backups."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from headwater.core.persons import Eye
from headwater.warehouse import backup
from headwater.warehouse.backup import Place


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup that was made before an erasure; `until`: when it is thrown away by the nightly ones, None
    when nothing throws it away."""

    file: str
    made_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Papers:
    """Files of a data home. `keep`: how many backups there are of ours at the most."""

    logs: Sequence[Path]
    backups: Path
    keep: int
    copied: Callable[[], Place]
    """What a fresh backup is made of, and how; raises NeedsPerson where we make none."""

    def files(self) -> list[Path]:
        """Every log there is, of ours and of the database's."""
        found: list[Path] = []
        for place in self.logs:
            found += sorted(place.rglob("*.log*")) if place.is_dir() else [place] if place.is_file() else []
        return [path for path in found if path.is_file()]

    def blacken(self, eye: Eye) -> dict[str, int]:
        """Blacks him out wherever a log names him, in its place, so that whoever writes it goes on; how often
        in which file. Raises OSError when a file cannot be written."""
        found: dict[str, int] = {}
        with self._opened() as logs:
            for path, file in logs:
                spots = list(_spots(file, eye))
                if spots and not file.writable():
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
                for at, length in spots:
                    file.seek(at)
                    file.write(b"x" * length)
                if spots:
                    file.flush()
                    os.fsync(file.fileno())
                    found[path.name] = len(spots)
        return found

    def naming(self, eye: Eye) -> list[str]:
        """The logs that name him."""
        with self._opened() as logs:
            return [path.name for path, file in logs if next(_spots(file, eye), None) is not None]

    @contextmanager
    def _opened(self) -> Iterator[list[tuple[Path, BinaryIO]]]:
        """Every log, opened. Whoever renames full ones locks their folder: while they are opened nobody does,
        so that each is there once, and is the same file whatever it is called later."""
        with ExitStack() as opened:
            with ExitStack() as locks:
                for place in filter(Path.is_dir, self.logs):
                    folder = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
                    locks.callback(os.close, folder)
                    fcntl.flock(folder, fcntl.LOCK_EX)
                found = []
                for path in self.files():
                    with suppress(FileNotFoundError):  # thrown away in between
                        found.append((path, opened.enter_context(_log(path))))
            yield found

    def copies(self, before: datetime) -> list[Copy]:
        """Backups of ours from before that time."""
        known = backup.kept(self.backups) if self.backups.is_dir() else []
        copies = []
        for after, path in enumerate(reversed(known)):
            made_at = backup.made_at(path)
            if made_at <= before:
                nights = max(1, self.keep - after)
                copies.append(
                    Copy(path.name, made_at, before + timedelta(days=nights) if self.keep else None)
                )
        return copies[::-1]

    async def afresh(self, tenant: UUID, eye: Eye, *, now: datetime) -> dict[str, Any]:
        """Makes a backup, removes all older ones of ours, and reads the new one back: how many rows of the
        tenant in it name him."""
        place = await asyncio.to_thread(self.copied)
        known = len(backup.kept(place.folder)) if place.folder.is_dir() else 0
        copy = await backup.back_up(place, keep=1, now=now)
        mine, named = str(tenant).encode(), 0
        async for line in backup.lines(place, copy):
            if mine in line and eye.hits(line.decode("utf-8", "replace")):
                named += 1
        return {"file": copy.name, "removed": known, "naming": named}


def _log(path: Path) -> BinaryIO:
    """A log to be read, and written where we may."""
    try:
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


def _spots(file: BinaryIO, eye: Eye) -> Iterator[tuple[int, int]]:
    """Where a file names him: offset and length, in bytes."""
    at = 0
    for line in file:
        text = line.decode("utf-8", "surrogateescape")
        for hit in eye.hits(text):
            start, end = (len(text[:one].encode("utf-8", "surrogateescape")) for one in (hit.start, hit.end))
            yield at + start, end - start
        at += len(line)
