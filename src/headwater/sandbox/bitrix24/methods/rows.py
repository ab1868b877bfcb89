"""Filters and orders of the small lists that are kept whole: user fields, statuses."""

from collections.abc import Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php

Rows = list[dict[str, Any]]


def narrowed(rows: Rows, given: Mapping[str, Any]) -> Rows:
    """The rows equal (with `!`: not equal) to what a filter says; unknown fields are ignored."""
    for key, value in given.items():
        name, wanted = key.lstrip("=@!"), {php.text(one) for one in php.as_list(value)}
        if rows and name in rows[0]:
            rows = [row for row in rows if (php.text(row[name]) in wanted) != key.startswith("!")]
    return rows


def ordered(rows: Rows, order: Mapping[str, Any]) -> Rows:
    """The rows in an order by several fields, numbers as numbers; unknown fields are ignored."""
    for name, direction in reversed(list(order.items())):
        if rows and name in rows[0]:
            rows = _sorted(rows, name, down=php.text(direction).upper() == "DESC")
    return rows


def _sorted(rows: Rows, name: str, *, down: bool) -> Rows:
    return sorted(rows, key=lambda row: (php.number(row[name]), php.text(row[name])), reverse=down)
