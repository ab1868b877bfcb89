"""crm.item.*: one family for all entities, with native values, camelCase names and errors for wrong ones."""

from collections.abc import Mapping
from typing import Any

import orjson

from headwater.sandbox.bitrix24 import files, filters, multifields, php, userfields
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, invalid_argument
from headwater.sandbox.bitrix24.events import DYNAMIC
from headwater.sandbox.bitrix24.fields import MULTIFIELD, Field, Table, Values
from headwater.sandbox.bitrix24.links import bound
from headwater.sandbox.bitrix24.lists import Asked
from headwater.sandbox.bitrix24.methods.classic import check_currency
from headwater.sandbox.bitrix24.methods.pages import page_seconds
from headwater.sandbox.bitrix24.rights import visible, visible_to
from headwater.sandbox.bitrix24.values import as_item

_CRM = ("crm",)
_WRITE_SECONDS = 0.5
_SERVICE: dict[str, Any] = {
    "dateCreateShort": None, "dateModifyShort": None, "productId": None, "begindateShort": None,
    "isWork": None, "isWon": None, "isLose": None, "hasProducts": None, "webformId": 0, "isConvert": None,
    "shortName": None, "login": None, "receivedAmount": None, "lostAmount": None,
    "closedateShort": None, "eventDate": None, "eventDateShort": None, "eventId": None,
    "eventDescription": None, "orderStage": None,
}  # fmt: skip
"""What every item carries and nobody fills."""

_SOUGHT = ("ID", "TITLE", "NAME", "LAST_NAME", "COMPANY_TITLE", "OPPORTUNITY", "COMMENTS")
"""What the portal searches an item by, kept with it in one text."""

_FM = Field("FM", MULTIFIELD, "Мультиполя", multiple=True)


def item_table(call: Call) -> Table:
    """Where the items of the entity a call names are kept. Refused when there is no such entity."""
    number = call.integer("entityTypeId")
    for table in call.portal.tables.values():
        if number and table.entity.type_id == number:
            return table
    raise Refused(400, "NOT_FOUND", "Smart process not found")


def _key(call: Call, field: Field) -> str:
    return field.name if field.custom and call.flag("useOriginalUfNames") else field.item_name


def _item(call: Call, table: Table, record: Values, names: set[str] | None = None) -> dict[str, Any]:
    """An item with the fields of these names, or, without names, with everything it carries."""
    shown: dict[str, Any] = {} if names or table.entity.event == DYNAMIC else dict(_SERVICE)
    for name, value in record.items():
        if name not in table.hidden and (names is None or name in names):
            field = table.fields[name]
            shown[_key(call, field)] = (
                int(value)
                if name == "ID"
                else _files(call, table, record, field)
                if field.type == "file"
                else as_item(field, value)
            )
    for kept, first in table.entity.links.items():
        if names is None or kept in names:
            shown[table.fields[kept].item_name] = [one for one, _ in bound(record, kept, first)]
    if names is None or "OBSERVERS" in names:
        shown["observers"] = [php.integer(one) for one in record["OBSERVERS"] or []]
    if names:
        return shown
    if table.entity.event != DYNAMIC:
        shown["searchContent"] = " ".join(text for name in _SOUGHT if (text := php.text(record.get(name))))
    return shown | multifields.as_item(table, record) | {"entityTypeId": table.entity.type_id}


def _files(call: Call, table: Table, record: Values, field: Field) -> Any:
    """A file with its addresses, or several; what was never one stays as it is."""

    def shown(value: Any) -> Any:
        if not isinstance(value, dict) or not php.integer(value.get("id")):
            return as_item(field, value)
        root, auth, number = call.portal.events.root, call.secret, php.integer(value["id"])
        owner = (table.entity.type_id, int(record["ID"]))
        return files.item_file(root, auth, number, owner, field.name)

    value = record[field.name]
    return [shown(one) for one in value or []] if field.multiple else shown(value)


def _list(call: Call) -> Outcome:
    portal, table = call.portal, item_table(call)
    where = visible(table, call.person, filters.strict(table, call.map("filter"), portal.clock.zone))
    listed = portal.lists.page(table, Asked(where, _order(call, table), call.integer("start")))
    names = _select(call, table)
    rows = [
        _item(call, table, table.record(record_id, orjson.loads(data)), names)
        for record_id, data in listed.records
    ]
    seconds = page_seconds(call, len(rows), wide=names is None or len(names) > 20, counted=listed.total)
    return Outcome({"items": rows}, listed.total, listed.next, seconds)


def _select(call: Call, table: Table) -> set[str] | None:
    names = call.names("select")
    if not names or "*" in names:
        return None
    return {field.name for field in map(table.called, names) if field} | {"ID"}


def _order(call: Call, table: Table) -> list[tuple[str, bool]]:
    order = []
    for name, direction in call.map("order").items():
        field = table.called(name)
        if field is None or not (field.listed or field.name == "ID"):
            raise invalid_argument(f"Invalid order: field '{name}' is not allowed in order")
        if php.text(direction).upper() not in ("ASC", "DESC"):
            raise invalid_argument(
                f"Invalid order: allowed sort directions are `ASC, DESC`. But got `{php.text(direction)}`"
                f" for field `{name}`"
            )
        order.append((field.name, php.text(direction).upper() == "DESC"))
    return order


def _seen(call: Call, table: Table) -> Values:
    record_id = call.integer("id")
    values = call.portal.store.get(table, record_id)
    if values is None:
        raise Refused(400, "NOT_FOUND", "Element not found")
    record = table.record(record_id, values)
    if not visible_to(call.person, record):
        raise Refused(400, "ACCESS_DENIED", "Access denied")
    return record


def _get(call: Call) -> Outcome:
    table = item_table(call)
    return Outcome({"item": _item(call, table, _seen(call, table))}, seconds=0.03)


def _fields(call: Call) -> Outcome:
    table = item_table(call)
    fields = {
        _key(call, field): userfields.described(field, item=True)
        for field in table.fields.values()
        if field.type != MULTIFIELD
    }
    if table.multifields:
        fields["fm"] = userfields.described(_FM, item=True)
    return Outcome({"fields": fields})


def given_fields(call: Call, table: Table, given: Mapping[str, Any], old: Values) -> dict[str, Any]:
    """The fields of a write by their classic names; `old` is the record it changes, if there is one."""
    check_currency(call, dict(given))
    named: dict[str, Any] = {}
    for name, value in given.items():
        if name == "fm" and table.multifields:
            named |= multifields.known_only(multifields.from_item(value), old)
            continue
        field = table.called(name)
        if field is None:
            continue
        if field.multiple and not php.is_array(value) and not php.is_empty(value):
            raise Refused(400, "100", "Expected iterable value for multiple field, but got string instead")
        named[field.name] = value
    return named


def _add(call: Call) -> Outcome:
    table = item_table(call)
    given = given_fields(call, table, call.map("fields", required=True), {})
    record_id = call.portal.records.add(table, given, call.person.id)
    return _written(call, table, record_id)


def _update(call: Call) -> Outcome:
    table = item_table(call)
    old = _seen(call, table)
    record_id = int(old["ID"])
    given = given_fields(call, table, call.map("fields", required=True), old)
    call.portal.records.update(table, record_id, given, call.person.id, immutable=True)
    return _written(call, table, record_id)


def _written(call: Call, table: Table, record_id: int) -> Outcome:
    """The whole item after a write."""
    values = call.portal.store.get(table, record_id)
    assert values is not None  # noqa: S101 (it was written a moment ago)
    return Outcome({"item": _item(call, table, table.record(record_id, values))}, seconds=_WRITE_SECONDS)


def _delete(call: Call) -> Outcome:
    table = item_table(call)
    call.portal.records.remove(table, [int(_seen(call, table)["ID"])])
    return Outcome([], seconds=_WRITE_SECONDS)


METHODS: Methods = {
    "crm.item.list": Method(_list, _CRM),
    "crm.item.get": Method(_get, _CRM),
    "crm.item.fields": Method(_fields, _CRM),
    "crm.item.add": Method(_add, _CRM),
    "crm.item.update": Method(_update, _CRM),
    "crm.item.delete": Method(_delete, _CRM),
}
