"""crm.stagehistory.list: through which stages records went."""

from typing import Any

import orjson

from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.lists import classic_shape
from headwater.sandbox.bitrix24.methods.pages import listed, page_seconds, where_of
from headwater.sandbox.bitrix24.rights import visible

_EMPTY = (5, 31)
"""Invoices, old and new, have such a history; there are none here."""


def _list(call: Call) -> Outcome:
    """Numbers are numbers here, names are upper case."""
    number = call.integer("entityTypeId")
    owner = next(
        (one for one in call.portal.tables.values() if number and one.entity.type_id == number), None
    )
    if number in _EMPTY:
        return Outcome({"items": []}, 0)
    if owner is None or not owner.entity.stage:
        raise Refused(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    table = call.portal.tables[f"{owner.entity.name}_stages"]
    found = listed(call, table, _seen(call, owner, table, where_of(call, table)))
    shape = classic_shape(table, call.names("select"))
    rows = []
    for record_id, data in found.records:
        record: dict[str, Any] = table.record(record_id, orjson.loads(data)) | {"ID": record_id}
        rows.append({name: record[name] for name in shape.names})
    seconds = page_seconds(call, len(rows), wide=False, counted=found.total)
    return Outcome({"items": rows}, found.total, found.next, seconds)


def _seen(call: Call, owner: Table, table: Table, where: Where) -> Where:
    """Whoever is no admin sees the history of what they see, and of nothing that was deleted."""
    if call.person.admin:
        return where
    mine = visible(owner, call.person, Where())
    held = expression(table, table.fields["OWNER_ID"])
    sql = f"{held} in (select id from {owner.entity.name} where {mine.sql})"  # noqa: S608 (declared names)
    return where.also(Condition(sql, mine.arguments))


METHODS: Methods = {"crm.stagehistory.list": Method(_list, ("crm",))}
