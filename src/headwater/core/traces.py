"""What a log says of an error nobody expected: which it was, where, and its words if they cannot quote data.

A database's error may quote the row it refused, a parser's the value it met. Type and place find the mistake.
"""

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

from headwater.core.errors import HeadwaterError

OPEN = (
    HeadwaterError, OSError, RuntimeError, AttributeError, TypeError, ImportError, NameError, AssertionError,
)  # fmt: skip
"""Their words are ours, the system's or the interpreter's."""

LONGEST_CHAIN = 10


def traced(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Puts the trace of `exc_info` into an event, as `exception`."""
    given = event.pop("exc_info", None)
    found = given[1] if isinstance(given, tuple) else sys.exception() if given is True else given
    if isinstance(found, BaseException):
        event["exception"] = "\n".join(_lines(found))
    return event


def words(exc: BaseException) -> str:
    """Which error it is, with its words if they may be told."""
    name = f"{type(exc).__module__}.{type(exc).__qualname__}".removeprefix("builtins.")
    state = getattr(exc, "sqlstate", None)
    if isinstance(exc, OPEN) and not isinstance(exc, UnicodeError):
        return f"{name}: {exc}"
    return f"{name} (SQLSTATE {state})" if isinstance(state, str) else name


def _lines(exc: BaseException) -> Iterator[str]:
    """The innermost cause first, as Python prints them."""
    chain: list[BaseException] = []
    one: BaseException | None = exc
    while one is not None and one not in chain and len(chain) < LONGEST_CHAIN:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    for each in reversed(chain):
        for frame in traceback.extract_tb(each.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        yield words(each)
        if isinstance(each, BaseExceptionGroup):
            for inner in each.exceptions:
                yield from (f"  | {line}" for line in _lines(inner))
