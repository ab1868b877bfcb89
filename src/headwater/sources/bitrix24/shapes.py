"""How the portal spells things: commands of a batch, and the lists and maps of PHP."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote


def command(method: str, params: Sequence[tuple[str, str]]) -> str:
    """A command of a batch. References such as `$result[a][49][ID]` are left as they are."""
    return f"{method}?" + "&".join(
        f"{quote(key, safe='[]')}={quote(value, safe='$[]*')}" for key, value in params
    )


def section(value: Any) -> dict[str, Any]:
    """A map as PHP encodes it: empty ones, and those with the keys 0, 1, 2 …, come as lists."""
    if isinstance(value, dict):
        return value
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else {}


def rows_of(result: Any) -> list[Any] | None:
    """The rows of a list method's result, also when wrapped in a map of one key; None when there are none."""
    if isinstance(result, list):
        return result
    if not isinstance(result, dict):
        return None
    if all(key.isdecimal() for key in result):
        return list(result.values())
    inner = next(iter(result.values()))
    return rows_of(inner) if len(result) == 1 and isinstance(inner, list | dict) else None


def method_of(command: str) -> str:
    """The method a command calls."""
    return command.partition("?")[0]
