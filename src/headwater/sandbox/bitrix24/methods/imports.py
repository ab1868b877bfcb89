"""crm.item.import and batchImport: administrators bring records in with their own dates and authors."""

from collections.abc import Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.methods.items import given_fields, item_table
from headwater.sandbox.bitrix24.values import written

_CRM = ("crm",)
_MANY = 20
_SECONDS = 0.2
_OWN = (
    "DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME", "CREATED_BY_ID", "MODIFY_BY_ID",
    "MOVED_BY_ID", "LAST_ACTIVITY_BY",
)  # fmt: skip
"""What otherwise only the portal writes."""


def _allowed(call: Call) -> Table:
    table = item_table(call)
    if not call.person.admin:
        raise Refused(400, "ACCESS_DENIED", "Access denied")
    return table


def _imported(call: Call, table: Table, fields: Mapping[str, Any]) -> int:
    """Creates one record; its id. Refused when a field it must have is empty."""
    named = given_fields(call, table, fields, {})
    for one in table.fields.values():
        if one.required and php.is_empty(named.get(one.name)):
            title = one.custom.label if one.custom else one.title
            text = f'Поле "{title}" обязательно для заполнения'
            raise Refused(400, "CRM_FIELD_ERROR_REQUIRED", text)
    record_id = call.portal.records.add(table, named, call.person.id)
    own = {
        name: written(table.fields[name], named[name], call.portal.clock.zone)
        for name in _OWN
        if name in table.slots and not php.is_empty(named.get(name))
    }
    if own:
        call.portal.records.force(table, [record_id], own, touch=False, silent=True)
    return record_id


def _import(call: Call) -> Outcome:
    made = _imported(call, _allowed(call), call.map("fields", required=True))
    return Outcome({"item": {"id": made}}, seconds=_SECONDS)


def _batch(call: Call) -> Outcome:
    """Each on its own: the id of what was made, or what is wrong with it."""
    table = _allowed(call)
    rows = list(call.map("data", required=True).values())
    if len(rows) > _MANY:
        raise Refused(400, "INVALID_ARG_VALUE", f"The number of items to import must not exceed {_MANY}")
    items: list[dict[str, Any]] = []
    for row in rows:
        try:
            items.append({"item": {"id": _imported(call, table, php.as_map(row))}})
        except Refused as refused:
            items.append(refused.body)
    return Outcome({"items": items}, seconds=_SECONDS * len(rows))


METHODS: Methods = {
    "crm.item.import": Method(_import, _CRM),
    "crm.item.batchimport": Method(_batch, _CRM),
}
