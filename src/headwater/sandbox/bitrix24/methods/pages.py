"""One page of a classic list, whatever is listed: its filter, its order, its fields, what it costs."""

from collections.abc import Mapping
from typing import Any

from headwater.sandbox.bitrix24 import filters
from headwater.sandbox.bitrix24.calls import Call, Outcome
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import Where
from headwater.sandbox.bitrix24.lists import Asked, Listed, Rows, classic_order, classic_shape


def where_of(
    call: Call, table: Table, given: Mapping[str, Any] | None = None, *, unlike: bool = False
) -> Where:
    """The filter a call sends, or another one, as classic lists read it; `unlike` ones know `!%`."""
    given = call.map("filter") if given is None else given
    return filters.classic(table, given, call.portal.clock.zone, unlike=unlike)


def listed(call: Call, table: Table, where: Where, order: list[tuple[str, bool]] | None = None) -> Listed:
    """The records of the page a call asks for; `order` instead of the one it sends."""
    by = classic_order(table, call.map("order")) if order is None else order
    shuffle = sum(call.portal.stats.requests.values()) if call.portal.shuffle_unordered else 0
    return call.portal.lists.page(table, Asked(where, by, call.integer("start")), shuffle=shuffle)


def page(call: Call, table: Table, where: Where, order: list[tuple[str, bool]] | None = None) -> Outcome:
    """The rows of a page in their classic form, those fields that `select` names."""
    found = listed(call, table, where, order)
    shape = classic_shape(table, call.names("select"))
    rows = Rows(table, shape, found.records)
    seconds = page_seconds(call, len(rows), wide=len(shape.names) > 20, counted=found.total)
    return Outcome(rows, found.total, found.next, seconds)


def page_seconds(call: Call, rows: int, *, wide: bool, counted: int) -> float:
    """What a page costs a portal: 0.03 s for 50 rows of few fields, 0.12 s for all; COUNT for every row."""
    full, rules = 0.115 if wide else 0.025, call.portal.limits.rules
    return (0.005 + full * rows / 50 + counted * rules.count_row_seconds) * rules.slowness
