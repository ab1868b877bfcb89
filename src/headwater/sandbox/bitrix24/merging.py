"""What becomes of several records that turn out to be one."""

from collections.abc import Sequence
from typing import Any

from headwater.sandbox.bitrix24 import multifields, php
from headwater.sandbox.bitrix24.fields import MULTIFIELD, Field, Table, Values
from headwater.sandbox.bitrix24.links import bind, bound

_FLAGS = ("char", "boolean")
"""Never empty: a no is a value."""


def merged(table: Table, survivor: Values, losers: Sequence[Values]) -> Values:
    """The surviving record: its own values, where it has none the first one a loser has, and all values of
    multiple fields. What only the portal writes stays as it is."""
    record = dict(survivor)
    for one in table.columns:
        if one.readonly or one.immutable or one.type in _FLAGS or one.name in table.entity.links:
            continue
        others = [loser[one.name] for loser in losers]
        if one.type == MULTIFIELD:
            record[one.name] = _distinct(record[one.name], others)
        elif one.multiple:
            record[one.name] = _united(record[one.name], others)
        else:
            record[one.name] = _filled(one, record, others)
    for kept, first in table.entity.links.items():
        ids = [one for source in (survivor, *losers) for one, _ in bound(source, kept, first)]
        bind(record, kept, first, ((one, 0) for one in dict.fromkeys(ids)))
    if table.multifields:
        multifields.flag(record)
    return record


def _filled(one: Field, record: Values, others: Sequence[Any]) -> Any:
    mine = record[one.name]
    if not (php.is_empty(mine) or mine == one.empty):
        return mine
    return next((value for value in others if not (php.is_empty(value) or value == one.empty)), mine)


def _distinct(mine: Any, others: Sequence[Any]) -> Any:
    """The phones of all of them, each number once."""
    values = {one["VALUE"]: one for several in (*reversed(others), mine) for one in several or []}
    return list(values.values()) or None


def _united(mine: Any, others: Sequence[Any]) -> Any:
    values: list[Any] = []
    for several in (mine, *others):
        if isinstance(several, list):
            values += [value for value in several if value not in values]
    return values or mine
