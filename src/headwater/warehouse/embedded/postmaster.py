"""The running server as the operating system sees it: its number, its left-over children, its end."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse.embedded.homedir import HomeDir

PROC = Path("/proc")


def number(data: Path) -> int | None:
    """The process number of the server that works in `data`, or None when none does."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return pid if _works_in(pid, data) else None


def is_ready(data: Path) -> bool:
    """Whether the server wrote that it accepts connections."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (FileNotFoundError, IndexError):
        return False


def clear_the_way(place: HomeDir, sockets: Path) -> None:
    """Removes what a killed server left and a new one would stumble over: its pid file, its socket.

    Call it when no server of ours lives. Raises NeedsPerson when somebody else started one on our data.
    """
    if (stranger := number(place.data)) is not None:
        raise NeedsPerson(
            f"process {stranger} is a PostgreSQL server on {place.data} that Headwater did not start:"
            " stop it first"
        )
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for left in sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def end(place: HomeDir, *, wait_seconds: float) -> None:
    """Stops the server: first at once but orderly, then without a checkpoint, then by force. Each is safe:
    the next start recovers what was committed."""
    for how, patience in ((signal.SIGINT, wait_seconds), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
        if (pid := number(place.data)) is not None:
            _send(pid, how)
        if _gone(place, patience):
            return
    kill_leftovers(place.data)
    if not _gone(place, 5.0):
        raise RetryLater(
            f"the server of {place.home} does not end; if it runs in another container, stop it there"
        )


def kill_leftovers(data: Path) -> None:
    """Ends the children of a killed server that have not noticed: a long statement does not look up."""
    for pid in _all_in(data):
        _send(pid, signal.SIGKILL)


def _gone(place: HomeDir, wait_seconds: float) -> bool:
    """Whether the last process ends within `wait_seconds`, or at once when the postmaster is gone."""
    began = time.monotonic()
    while place.server_lives():
        waited = time.monotonic() - began
        if waited > wait_seconds or (waited > 1 and number(place.data) is None):
            return False
        time.sleep(0.01)
    return True


def _send(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, how)
        except PermissionError as exc:
            raise NeedsPerson(f"process {pid} is another account's: stop the server as that one") from exc


def _works_in(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server on `data`: on Linux a postgres whose working directory it is."""
    if PROC.joinpath("self").exists():
        about = PROC / str(pid)
        try:
            program = (about / "comm").read_text().strip()
            return program == "postgres" and os.path.samestat((about / "cwd").stat(), data.stat())
        except OSError:
            return False
    asked = ["ps", "-o", "command=", "-p", str(pid)]
    said = subprocess.run(asked, check=False, capture_output=True, text=True)
    return "postgres" in said.stdout


def _all_in(data: Path) -> Iterator[int]:
    if PROC.joinpath("self").exists():
        for entry in PROC.iterdir():
            if entry.name.isdigit() and _works_in(int(entry.name), data):
                yield int(entry.name)
