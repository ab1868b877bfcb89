"""The command line: `headwater …`."""

import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from headwater import __version__
from headwater.cli import say

GARBAGE = 50_000
"""New objects between two looks for cycles: an answer holds tens of thousands, which live until it is stored.
With Python's own 700 looking for cycles took most of the time in which answers are parsed."""

PLACES: Mapping[str, str] = {
    "demo": "demo:demo",
    "connect": "connect:connect",
    "sync": "sync:sync",
    "reconcile": "reconcile:reconcile_",
    "serve": "serve:serve",
    "worker": "worker:worker",
    "health": "health:health",
    "status": "status:status",
    "search": "search:search_",
    "metrics": "figures:metrics",
    "chart": "figures:chart",
    "counting": "figures:counting",
    "config": "config:config",
    "pause": "config:pause",
    "resume": "config:resume",
    "doctor": "doctor:doctor",
    "profile": "profile:profile",
    "privacy": "privacy:privacy",
    "erase": "erase:erase",
    "disconnect": "tenant_data:disconnect",
    "retention": "tenant_data:retention",
    "migrate": "db:migrate",
    "restore": "backup:restore",
    "alerts": "alerts:app",
    "backup": "backup:app",
    "failed": "failed:app",
    "erasure": "erase:app",
    "access": "access:app",
    "tenant": "tenant:app",
    "events": "events:app",
    "certificate": "reconcile:app",
    "bi": "bi:app",
    "db": "db:app",
    "secret": "secret:app",
    "user": "user:app",
    "key": "key:app",
    "service": "service:app",
    "sandbox": "sandbox:app",
}
"""Where each command and each group of commands is: its module, and its name there."""


class _Commands(Mapping[str, Any]):
    """Commands by name. The module of one is imported when it is asked for, and no other: most need little of
    what all need together, and the health check of a container runs every half a minute."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, _, attribute = PLACES[name].partition(":")
            found = getattr(import_module(f"{__name__}.{module}"), attribute)
            alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_show_locals=False)
            alone.callback()(_common)  # with one of its own it is a group, whatever is in it
            if isinstance(found, typer.Typer):
                alone.add_typer(found, name=name)
            else:
                alone.command(name)(found)
            group: Any = typer.main.get_command(alone)
            self._made[name] = group.commands[name]
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class _Program(TyperGroup):
    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.commands: Any = _Commands()


app = typer.Typer(
    cls=_Program,
    name="headwater",
    help="Keeps a company's CRM data live, exact and isolated in its own PostgreSQL.",
    epilog=say.EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        say.plain(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", callback=_version),
) -> None:
    pass


def main() -> None:
    """The entry point of the `headwater` script."""
    gc.set_threshold(GARBAGE)
    app()
