"""What every command shares: settings, logs, options, and errors turned into exit codes."""

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from headwater import wiring
from headwater.cli import say
from headwater.core import log
from headwater.core.errors import HeadwaterError
from headwater.core.settings import Settings, read
from headwater.wiring import House, house

T = TypeVar("T")

INTERRUPTED, TERMINATED = 130, 143  # what shells say of programs ended by Ctrl-C and by SIGTERM

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
TenantName = Annotated[
    str | None, typer.Option("--tenant", help="Which tenant; not needed while there is one.")
]
Own = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONNECTION:PERSON",
        help="Only records of this person, by his id in the portal; may be given several times.",
    ),
]
ConnectionName = Annotated[
    str | None, typer.Option("--connection", help="Which connection; not needed while there is one.")
]


def settings(*, home: Path | None = None) -> Settings:
    """The settings of this process. A wrong one is named with what it should be."""
    found = read() if home is None else read(home=home)
    file = wiring.log_file(found)
    keep = None if file is None else file.write
    log.setup(
        json=not sys.stderr.isatty(), debug=found.debug, quiet=not found.debug, environment=found.environment,
        keep=keep,
    )  # fmt: skip
    return found


def run(
    work: Callable[[House], Awaitable[T]], *, as_json: bool, home: Path | None = None, lasting: bool = False
) -> T:
    """Opens the house, does the work, and ends the program with the exit code of what went wrong.

    `lasting`: the work goes on until somebody stops it, so that being stopped is its good end.
    """

    async def inside() -> T:
        async with house(settings(home=home)) as opened:
            return await work(opened)

    return guarded(lambda: lived(inside()), as_json=as_json, lasting=lasting)


def lived(work: Coroutine[Any, Any, T]) -> T:
    """Runs the work; SIGTERM cancels it as Ctrl-C does, so that it puts everything down in order."""

    async def inside() -> T:
        task = asyncio.current_task()
        if task is not None and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(inside())


def guarded(work: Callable[[], T], *, as_json: bool, lasting: bool = False) -> T:
    """Does the work; one of our errors ends the program with its words and exit code, and so does a stop."""
    try:
        return work()
    except HeadwaterError as exc:
        say.fail(exc, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(say.OK if lasting else INTERRUPTED) from None
    except asyncio.CancelledError:
        raise typer.Exit(say.OK if lasting else TERMINATED) from None
