"""One page of a list with camelCase names and native values: what the shop sells, who owes which task."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from headwater.sandbox.bitrix24 import filters, php
from headwater.sandbox.bitrix24.calls import Call, Outcome
from headwater.sandbox.bitrix24.fields import Field, Table, Values
from headwater.sandbox.bitrix24.filters import Where, split
from headwater.sandbox.bitrix24.methods.pages import listed, page_seconds

Render = Callable[[Mapping[str, Any], Iterable[Field]], dict[str, Any]]
"""Makes a row of a record, with these fields."""


def field_of(table: Table, name: str) -> Field | None:
    """The field of a camelCase name, or of an upper-case one."""
    return table.by_item.get(name) or table.fields.get(name.upper())


def camel_where(call: Call, table: Table) -> Where:
    """The filter a call sends; unknown fields are ignored."""
    given = {}
    for key, value in call.map("filter").items():
        operator, name = split(key)
        if one := field_of(table, name):
            given[operator + one.name] = value
    return filters.classic(table, given, call.portal.clock.zone, unlike=True)


def camel_order(call: Call, table: Table) -> list[tuple[str, bool]]:
    """The order a call sends; unknown fields are ignored."""
    known = ((field_of(table, name), way) for name, way in call.map("order").items())
    return [(one.name, php.text(way).upper() == "DESC") for one, way in known if one and _listed(one)]


def _listed(one: Field) -> bool:
    return one.listed or one.name == "ID"


def selected(call: Call, table: Table) -> list[Field]:
    """The fields a call selects; without any it knows, and with `*`, all that are shown unasked."""
    names = call.names("select")
    known = [one for name in names if (one := field_of(table, name)) and _listed(one)]
    whole = [one for name, one in table.fields.items() if name not in table.hidden and _listed(one)]
    wanted = known + whole if "*" in names or not known else known
    return list({one.name: one for one in wanted}.values())


def plain_row(record: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Values as they are kept."""
    return {one.item_name: int(record["ID"]) if one.name == "ID" else record[one.name] for one in fields}


def camel_page(
    call: Call, table: Table, wrapper: str, where: Where | None = None, *, render: Render = plain_row
) -> Outcome:
    """The page a call asks for, its rows under the wrapper."""
    found = listed(
        call, table, camel_where(call, table) if where is None else where, camel_order(call, table)
    )
    fields = selected(call, table)
    rows = [render(table.record(number, orjson.loads(data)), fields) for number, data in found.records]
    seconds = page_seconds(call, len(rows), wide=len(fields) > 20, counted=found.total)
    return Outcome({wrapper: rows}, found.total, found.next, seconds)


def record_of(call: Call, table: Table, record_id: int) -> Values | None:
    """One record with everything the portal knows of it, or None."""
    values = call.portal.store.get(table, record_id)
    return None if values is None else table.record(record_id, values)
