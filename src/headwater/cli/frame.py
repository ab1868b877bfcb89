"""What every command shares: settings, logs, options, and errors turned into exit codes."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from headwater.cli import say
from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.settings import Settings
from headwater.wiring import House, house

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
TenantName = Annotated[
    str | None, typer.Option("--tenant", help="Which tenant; not needed while there is one.")
]
ConnectionName = Annotated[
    str | None, typer.Option("--connection", help="Which connection; not needed while there is one.")
]


def settings(*, home: Path | None = None) -> Settings:
    """The settings of this process. A wrong one is named with what it should be."""
    try:
        found = Settings() if home is None else Settings(home=home)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "HEADWATER_" + "_".join(str(part) for part in first["loc"]).upper()
        raise NeedsPerson(f"{name}: {first['msg']}") from exc
    log.setup(json=not sys.stderr.isatty(), debug=found.debug, quiet=not found.debug)
    return found


def run(work: Callable[[House], Awaitable[T]], *, as_json: bool, home: Path | None = None) -> T:
    """Opens the house, does the work, and ends the program with the exit code of what went wrong."""

    async def inside() -> T:
        async with house(settings(home=home)) as opened:
            return await work(opened)

    return guarded(lambda: asyncio.run(inside()), as_json=as_json)


def guarded(work: Callable[[], T], *, as_json: bool) -> T:
    """Does the work; one of our errors ends the program with its words and exit code."""
    try:
        return work()
    except HeadwaterError as exc:
        say.fail(exc, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
