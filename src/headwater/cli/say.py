"""How answers reach people and programs: texts and tables, or one JSON document."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table

from headwater.analytics.questions import Misasked
from headwater.cli.texts import text
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, StopSync

OK, DIFFERENT, USAGE, PERSON, LATER, STOPPED, ASIDE = 0, 1, 2, 3, 4, 5, 6
EXIT_CODES = """
Exit codes: 0 done · 1 not equal, or an unexpected error · 2 wrong usage · 3 a person must act ·
4 try again later · 5 stopped, going on would lose data · 6 done, but some records were kept aside.
"""

WIDTH_OF_A_PIPE = 200

console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def line(key: str, **facts: Any) -> None:
    """One line of the catalogue."""
    console.print(text(key, **facts), markup=False)


def steps(*, quiet: bool) -> Callable[[str], None]:
    """Hears of the steps of a restore, and tells them beside the answer."""

    def told(step: str) -> None:
        if not quiet:
            errors.print(text(f"restore_{step}"), markup=False)

    return told


def plain(words: str) -> None:
    console.print(words, markup=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under catalogue headings; numbers to the right."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    cells = [list(row) for row in rows]
    for at, head in enumerate(heads):
        numbers = all(isinstance(row[at], int | float | None) for row in cells)
        shown.add_column(text(head), justify="right" if numbers else "left", overflow="fold")
    for row in cells:
        shown.add_row(*("–" if cell is None else number(cell) for cell in row))
    console.print(shown)


def number(value: Any) -> str:
    """Thousands apart, as both languages read them."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if isinstance(value, int) else str(value)


def json(document: Any) -> None:
    """One JSON document on stdout."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(document, default=_plain, option=options).decode())


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def absent(what: str, number: int, *, as_json: bool) -> NoReturn:
    """Ends the program: there is no entry or certificate of that number; `what` is the catalogue's word."""
    if as_json:
        message = text(what, number=number)
        json({"error": "NotFound", "message": message, "exit_code": DIFFERENT})
    else:
        line(what, number=number)
    raise typer.Exit(DIFFERENT)


def fail(exc: HeadwaterError, *, as_json: bool) -> NoReturn:
    """Ends the program with the message and the exit code of its kind."""
    kinds = (
        (Misasked, "error", USAGE),
        (NeedsPerson, "person", PERSON),
        (RetryLater, "later", LATER),
        (StopSync, "error", STOPPED),
    )
    key, code = next(
        ((key, code) for kind, key, code in kinds if isinstance(exc, kind)), ("error", DIFFERENT)
    )
    if as_json:
        json({"error": type(exc).__name__, "message": str(exc), "exit_code": code})
    else:
        errors.print(text(key, message=exc), markup=False)
    raise typer.Exit(code)
