"""What becomes of several records that turn out to be one."""

from collections.abc import Sequence
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import Field, Table, Values

_FLAGS = ("char", "boolean")
"""Never empty: a no is a value."""


def merged(table: Table, survivor: Values, losers: Sequence[Values]) -> Values:
    """The surviving record: its own values, where it has none the first one a loser has, and all values of
    multiple fields. What only the portal writes stays as it is."""
    record = dict(survivor)
    for one in table.columns:
        if one.readonly or one.immutable or one.type in _FLAGS:
            continue
        others = [loser[one.name] for loser in losers]
        record[one.name] = _united(record[one.name], others) if one.multiple else _filled(one, record, others)
    return record


def _filled(one: Field, record: Values, others: Sequence[Any]) -> Any:
    mine = record[one.name]
    if not (php.is_empty(mine) or mine == one.empty):
        return mine
    return next((value for value in others if not (php.is_empty(value) or value == one.empty)), mine)


def _united(mine: Any, others: Sequence[Any]) -> Any:
    values: list[Any] = []
    for several in (mine, *others):
        if isinstance(several, list):
            values += [value for value in several if value not in values]
    return values or mine
