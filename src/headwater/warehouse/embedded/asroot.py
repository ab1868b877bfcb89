"""Which account the server runs under: PostgreSQL refuses root, and we create no user and open no directory.

A normal user runs it directly. Root runs it in a user namespace, where the server sees the account nobody
while its files stay root's. Where namespaces are forbidden the account nobody runs it for real and owns the
data. In both the server lost root's right to pass every door, so it is handed its directories opened.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

from headwater.core.errors import NeedsPerson

OPENED = Path("/proc/self/fd")
"""Where Linux shows a process the directories it was handed open."""


class Way(StrEnum):
    """How a command of PostgreSQL is run."""

    DIRECT = "direct"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def chosen(way: Way | None) -> Way:
    """`way` if it works here, or the first that does. Raises NeedsPerson with what can be done."""
    root, known = os.geteuid() == 0, _has_name(os.geteuid())
    if way is None:
        if known and not root:
            return Way.DIRECT
        if _namespaces_work():
            return Way.NAMESPACE
        if root and _nobody_works():
            return Way.NOBODY
        reason = "PostgreSQL refuses to run as root" if root else f"user id {os.geteuid()} has no account"
        raise NeedsPerson(f"{reason}, and user namespaces are forbidden here: {_choices()}")
    works = {
        Way.DIRECT: known and not root,
        Way.NAMESPACE: way is Way.NAMESPACE and _namespaces_work(),
        Way.NOBODY: way is Way.NOBODY and root and _nobody_works(),
    }
    if not works[way]:
        raise NeedsPerson(f"the way '{way}' of running PostgreSQL does not work here: {_choices()}")
    return way


@dataclass(slots=True)
class Account:
    """The account that runs commands of PostgreSQL and owns their files on disk; see `account`."""

    way: Way
    uid: int
    gid: int
    _stack: ExitStack = field(repr=False)
    _opened: list[int] = field(default_factory=list, repr=False)

    def sees(self, directory: Path) -> str:
        """The path by which the account's commands get to `directory`, even past parents closed to it."""
        if self.way is Way.DIRECT or not OPENED.exists():
            return str(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        self._stack.callback(os.close, descriptor)
        self._opened.append(descriptor)
        return str(OPENED / str(descriptor))

    def run(
        self, command: Sequence[str | Path], *, keep: Sequence[int] = (), output: IO[bytes] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Runs `command` to its end. It inherits the descriptors `keep`; what it says goes to `output`, or
        is in the result's stdout. Raises OSError when it cannot be executed."""
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
        as_nobody = self.way is Way.NOBODY
        return subprocess.run(
            [*self._prefix(), *map(str, command)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=settings | {"LC_ALL": "C"},
            pass_fds=[*keep, *self._opened],
            start_new_session=True,
            user=self.uid if as_nobody else None,
            group=self.gid if as_nobody else None,
            extra_groups=[] if as_nobody else None,
        )

    def enters(self, directory: Path) -> bool:
        """Whether the account gets to `directory` by its plain path."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", directory]).returncode == 0

    def own(self, path: Path) -> None:
        """Makes `path` and all in it the account's; an interrupted change is taken up again, as the top
        comes last. Raises NeedsPerson when it belongs to somebody who is neither us nor the account."""
        owner = path.lstat().st_uid
        if owner == self.uid:
            return
        if os.geteuid() != 0 or owner not in owners():
            raise NeedsPerson(
                f"{path} belongs to {_name(owner)}, not to {_name(self.uid)}: run as {_name(owner)},"
                " or name another home in HEADWATER_HOME"
            )
        for folder, _, files in os.walk(path, topdown=False):
            for name in files:
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    def _prefix(self) -> list[str]:
        return _unshare() if self.way is Way.NAMESPACE else []


@contextmanager
def account(way: Way) -> Iterator[Account]:
    """The account of a way that `chosen` approved; directories handed to it are closed at the end."""
    with ExitStack() as stack:
        nobody = _nobody()
        if way is Way.NOBODY and nobody is not None:
            yield Account(way, nobody.pw_uid, nobody.pw_gid, stack)
        else:
            yield Account(way, os.geteuid(), os.getegid(), stack)


def owners() -> set[int]:
    """Whose files a server of ours may have: our own; for root also nobody's."""
    nobody = _nobody()
    return {os.geteuid()} | ({nobody.pw_uid} if nobody is not None and os.geteuid() == 0 else set())


def _unshare() -> list[str]:
    """The command prefix that enters a namespace as nobody; empty where there is no such command."""
    program, nobody = shutil.which("unshare"), _nobody()
    if program is None or nobody is None:
        return []
    return [program, "-U", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}"]


def _namespaces_work() -> bool:
    prefix = _unshare()
    if not prefix:
        return False
    tried = subprocess.run([*prefix, "true"], check=False, capture_output=True, cwd="/")
    return tried.returncode == 0


def _nobody_works() -> bool:
    """Whether we may become nobody: not where the account is missing or, in a container, not mapped."""
    if _nobody() is None:
        return False
    try:
        with account(Way.NOBODY) as nobody:
            return nobody.run(["true"]).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _nobody() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return None


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _name(uid: int) -> str:
    return pwd.getpwuid(uid).pw_name if _has_name(uid) else f"user id {uid}"


def _choices() -> str:
    return (
        "run as a normal user, allow user namespaces (in Docker: a seccomp profile that permits unshare),"
        " or set HEADWATER_DATABASE_URL to a PostgreSQL 15 or newer of your own"
    )
