"""Filters, orders and pages of the small lists that are kept whole: user fields, statuses, people."""

from collections.abc import Callable, Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Outcome
from headwater.sandbox.bitrix24.filters import fold, split
from headwater.sandbox.bitrix24.lists import PAGE

Rows = list[dict[str, Any]]
_COMPARE: dict[str, Callable[[tuple[float, str], tuple[float, str]], bool]] = {
    ">": lambda mine, given: mine > given,
    ">=": lambda mine, given: mine >= given,
    "<": lambda mine, given: mine < given,
    "<=": lambda mine, given: mine <= given,
}


def narrowed(rows: Rows, given: Mapping[str, Any], *, fields: tuple[str, ...] = ()) -> Rows:
    """The rows that pass a filter: equal, not equal, above, below, containing; what is said of other fields
    than these (none named: than a row has) is ignored."""
    for key, value in given.items():
        operator, name = split(key)
        if rows and name in (fields or rows[0]):
            rows = [row for row in rows if _passes(row.get(name), operator, value)]
    return rows


def _passes(mine: Any, operator: str, value: Any) -> bool:
    if operator in _COMPARE:
        return php.is_empty(value) or _COMPARE[operator](_sortable(mine), _sortable(value))
    negative, bare = operator.startswith("!"), operator.lstrip("!")
    held = [_plain(one) for one in (mine if isinstance(mine, list) else [mine])]
    wanted = [_plain(one) for one in php.as_list(value)]
    if "%" in bare:
        found = any(one.strip("%") in text for one in wanted for text in held)
    else:
        found = any(one in held for one in wanted)
    return found != negative


def _plain(value: Any) -> str:
    """A value as it is compared: a flag as its letter, words without regard to case."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return fold(php.text(value))


def _sortable(value: Any) -> tuple[float, str]:
    """Numbers by their size, before words; words by the alphabet."""
    text = _plain(value)
    return (float(php.number(text)) if text.lstrip("-").isdigit() else 0.0, text)


def ordered(rows: Rows, order: Mapping[str, Any]) -> Rows:
    """The rows in an order by several fields, numbers as numbers; unknown fields are ignored."""
    for name, direction in reversed(list(order.items())):
        if any(name in row for row in rows):
            rows = _sorted(rows, name, down=php.text(direction).upper() == "DESC")
    return rows


def _sorted(rows: Rows, name: str, *, down: bool) -> Rows:
    return sorted(rows, key=lambda row: _sortable(row.get(name)), reverse=down)


def paged(call: Call, rows: Rows, *, wrapper: str = "", seconds: float = 0.005) -> Outcome:
    """The page of them that `start` asks for, under a key when the answer has one."""
    start = call.integer("start")
    page = rows[max(start, 0) :][:PAGE]
    result = {wrapper: page} if wrapper else page
    if start < 0:
        return Outcome(result, 0, seconds=seconds)
    following = start + PAGE if start + PAGE < len(rows) else None
    return Outcome(result, len(rows), following, seconds)
