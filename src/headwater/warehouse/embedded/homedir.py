"""Where the embedded server keeps its things in the data home, and the two locks that guard them."""

import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.core.errors import NeedsPerson, RetryLater

LONGEST_SOCKET = 100
"""Bytes a socket's path may have: the kernel takes 107 on Linux and 103 on macOS."""


UNQUOTED = frozenset('"$`\\')
"""What a shell still reads inside the double quotes that initdb puts around its own path."""


@dataclass(frozen=True, slots=True)
class HomeDir:
    """The paths of one data home. `home` is absolute and free of symbolic links."""

    home: Path

    @classmethod
    def of(cls, home: Path) -> "HomeDir":
        return cls(Path(home).expanduser().resolve())

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def start_log(self) -> Path:
        """What the server says before its own log opens."""
        return self.home / "start.log"

    @property
    def settings(self) -> Path:
        """The server's settings as written at its last start."""
        return self.home / "settings"

    @property
    def binaries(self) -> Path:
        return self.home / "binaries"

    @property
    def user_settings(self) -> Path:
        return self.home / "postgresql.user.conf"

    @property
    def passfile(self) -> Path:
        return self.home / "pgpass"

    @property
    def upgrade(self) -> Path:
        """A home in the home, while its data are brought to another major version."""
        return self.home / "upgrade"

    @property
    def upgraded(self) -> Path:
        """Says that the data in `upgrade` are whole and proven, and are the ones of this home from now on."""
        return self.upgrade / "whole"

    @property
    def tcp_port(self) -> Path:
        """Holds the port of a server that listens on 127.0.0.1 at every start."""
        return self.home / "tcp.port"

    def create(self) -> None:
        """Makes the home (0700) when it is new; one that exists keeps its mode and owner."""
        if UNQUOTED & set(str(self.home)):
            raise NeedsPerson(
                f"initdb hands its path to a shell and does not quote all of {self.home}:"
                f" choose a HEADWATER_HOME without {' '.join(sorted(UNQUOTED))}"
            )
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise NeedsPerson(
                f"cannot create the data home {self.home} ({exc.strerror}); name another in HEADWATER_HOME"
            ) from exc

    def last_start(self) -> Mapping[str, Any]:
        """What `record` wrote at the last start, or nothing."""
        try:
            found = json.loads((self.home / "server.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        except PermissionError as exc:
            raise self._foreign() from exc
        except OSError as exc:
            raise self._unusable(exc) from exc
        return found if isinstance(found, dict) else {}

    def record(self, facts: Mapping[str, Any]) -> None:
        """Writes down, whole or not at all, how the server was started and where its socket is."""
        write_whole(self.home / "server.json", json.dumps(facts, indent=1) + "\n")

    @contextmanager
    def turn(self, *, wait_seconds: float) -> Iterator[int]:
        """Holds the home's lock: one process at a time starts or stops. Gives the lock's descriptor, which a
        command may inherit to keep others out for as long as it runs, whatever becomes of us."""
        descriptor = self._open("home.lock")
        try:
            deadline = time.monotonic() + wait_seconds
            while not _locked(descriptor):
                if time.monotonic() > deadline:
                    raise RetryLater(
                        f"waited {wait_seconds:.0f} s for another process that starts or stops the server of"
                        f" {self.home}; try again, and look into {self.log} if it goes on"
                    )
                time.sleep(0.02)
            yield descriptor
        finally:
            os.close(descriptor)

    def claim_server(self) -> int:
        """Takes the lock that every process of a server inherits, and gives its descriptor. Call it when no
        server lives: a process number may be another program's after a crash, this lock is nobody else's."""
        descriptor = self._open("server.lock")
        while not _locked(descriptor):  # somebody just looks whether a server lives
            time.sleep(0.001)
        return descriptor

    def attend(self) -> int:
        """A descriptor by which a service takes part in the home, until it is closed or the service dies."""
        return self._open("services.lock")

    def alone(self, descriptor: int) -> bool:
        """Whether no other service takes part. Only who has the home's turn may ask."""
        return _locked(descriptor)

    def with_others(self, descriptor: int) -> None:
        """Lets others take part as well."""
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def server_lives(self) -> bool:
        """Whether any process of a server we started still runs."""
        try:
            descriptor = self._open("server.lock", create=False)
        except FileNotFoundError:
            return False
        try:
            return not _locked(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def _open(self, name: str, *, create: bool = True) -> int:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        try:
            return os.open(self.home / name, flags, 0o600)
        except FileNotFoundError:
            raise
        except PermissionError as exc:
            raise self._foreign() from exc
        except OSError as exc:
            raise self._unusable(exc) from exc

    def _unusable(self, exc: OSError) -> NeedsPerson:
        return NeedsPerson(
            f"cannot open {exc.filename} ({exc.strerror}): move away what is there, or name another home in"
            " HEADWATER_HOME"
        )

    def _foreign(self) -> NeedsPerson:
        return NeedsPerson(
            f"the data home {self.home} belongs to another account: run as that one, or name another home"
            " in HEADWATER_HOME"
        )


def socket_dir(home: Path, port: int, owners: Collection[int]) -> Path:
    """A directory of mode 0700 whose socket path is short enough: in the home, else a short one named after
    it under $XDG_RUNTIME_DIR or the temp directory. Created, or created again, when it is not there; one
    that was there must belong to one of `owners`."""
    inside = home / "run"
    if _fits(inside, port):
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    name = f"headwater-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    bases = [Path(os.environ.get("XDG_RUNTIME_DIR", "")), Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 (only a 0700 directory of ours in it)
    for base in bases:
        short = base / name
        if base.is_absolute() and _fits(short, port) and _is_ours(short, owners):
            return short
    raise NeedsPerson(
        f"the path of {home} is too long for a socket, and none of {', '.join(map(str, bases))} takes a"
        f" private directory {name}; choose a shorter HEADWATER_HOME"
    )


def write_whole(path: Path, text: str) -> None:
    """Writes `text` (mode 0600) so that a reader finds the old or the new, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Waits until the file or directory `path` is on the disk: what it says survives a crash."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fits(directory: Path, port: int) -> bool:
    return len(os.fsencode(directory / f".s.PGSQL.{port}.lock")) <= LONGEST_SOCKET


def _is_ours(directory: Path, owners: Collection[int]) -> bool:
    """Makes `directory`, or finds it as we made it; a squatter's is refused."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return False
    return found.st_uid in owners and (found.st_mode & 0o170777) == 0o040700


def _locked(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
