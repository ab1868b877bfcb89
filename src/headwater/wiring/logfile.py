"""The log in the data home: lines of several processes in one file that never grows beyond its bounds."""

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

from headwater.core.settings import Settings

MEGABYTE = 1_000_000
LOGS = "logs"


class LogFile:
    """Appends lines to `path`. Over `limit` bytes it becomes `path.1`, that one `path.2`, `keep` of them.

    The file is opened for each line, and a line is one write at its end: lines of several processes never
    mix, and one that is written while somebody renames the file is in the renamed one. It is its owner's
    alone; made by root, it belongs to whom the data home belongs to. Before there is a data home nothing is
    kept. Where nothing can be written that is said once on stderr, and work goes on.
    """

    def __init__(self, path: Path, *, limit: int, keep: int) -> None:
        self.path = path
        self.limit = limit
        self.keep = keep
        self._said = False

    def write(self, line: str) -> None:
        """One line."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        home = self.path.parent.parent
        try:
            if not home.is_dir():
                return
            handle = self._opened(home)
            try:
                os.write(handle, data)
                full = os.fstat(handle).st_size > self.limit
            finally:
                os.close(handle)
            if full:
                self._rotate()
        except OSError as exc:
            self._complain(exc)

    def _opened(self, home: Path) -> int:
        with suppress(FileExistsError):
            self.path.parent.mkdir(mode=0o700)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        owner = home.stat()
        if os.geteuid() == 0 and os.fstat(handle).st_uid != owner.st_uid:
            os.fchown(handle, owner.st_uid, owner.st_gid)
            os.chown(self.path.parent, owner.st_uid, owner.st_gid)
        return handle

    def _rotate(self) -> None:
        """Renames the files, if nobody else has done so by now."""
        lock = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.path.stat().st_size <= self.limit:
                return
            for number in range(self.keep - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._old(number).replace(self._old(number + 1))
            if self.keep:
                self.path.replace(self._old(1))
            else:
                self.path.unlink()
        except FileNotFoundError:
            return  # renamed by a process that found it full, and nobody has written since
        finally:
            os.close(lock)

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _complain(self, exc: OSError) -> None:
        if not self._said:
            self._said = True
            sys.stderr.write(f"the log file {self.path} cannot be written ({exc.strerror}): work goes on\n")


def log_file(settings: Settings) -> LogFile | None:
    """The log in the data home; None where none is wanted."""
    if settings.log_mb == 0:
        return None
    path = settings.home / LOGS / "headwater.log"
    return LogFile(path, limit=settings.log_mb * MEGABYTE, keep=settings.log_files)
