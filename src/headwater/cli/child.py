"""A program of ours that runs beside us: started again when it dies, ended when we end, however we end.

And its own side of that: noticing that whoever began it is dead.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from headwater.core import log

LOGGER = log.get("cli")
WithParent = Annotated[
    bool,
    typer.Option(
        "--with-parent",
        help="Stop when standard input ends: it does when the program that began this one dies.",
    ),
]
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY_SECONDS = 60.0
"""A program that lived so long died of something new."""

END_SECONDS = 45.0
"""How long a program may take to put down what it works on."""


def ours(*words: str) -> list[str]:
    """The command line of one of our own commands."""
    return [sys.executable, "-m", "headwater", *words]


def next_pause(before: float, lived_seconds: float) -> float:
    """How long to wait before a program that died is started again."""
    return FIRST_PAUSE if lived_seconds >= STEADY_SECONDS else min(before * 2, LONGEST_PAUSE)


async def kept_alive(command: Sequence[str], *, home: Path) -> None:
    """Runs a program, in the data home that is ours, until we are cancelled; then ends it in good order.

    We hold the other end of its standard input, which closes when we die: a program started `--with-parent`
    ends with us then. Ctrl-C is ours alone to hear: it has a session of its own.
    """
    pause = FIRST_PAUSE / 2
    while True:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"HEADWATER_HOME": str(home)},
        )
        try:
            code = await process.wait()
        finally:
            await asyncio.shield(_ended(process))
        pause = next_pause(pause, time.monotonic() - began)
        LOGGER.warning("a program of ours ended", program=command[-1], code=code, again_in_seconds=pause)
        await asyncio.sleep(pause)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Ends a program in good order, and after a while in any."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        LOGGER.warning("a program of ours did not end in time and is killed", pid=process.pid)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def when_parent_ends(stop: Callable[[], object]) -> None:
    """Calls `stop` when nobody holds the other end of our standard input any more: the program that began us
    is dead, however it died. By a thread that keeps nobody from ending."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
