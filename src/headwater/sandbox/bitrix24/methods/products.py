"""crm.product.* and catalog.product.list: the same catalogue, in its old form and in its new one."""

from typing import Any

import orjson

from headwater.sandbox.bitrix24 import filters, php, userfields
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Table, Values, item_name, upper_name
from headwater.sandbox.bitrix24.methods.pages import listed, page, page_seconds, where_of

_CRM = ("crm",)
_WRITE_SECONDS = 0.15
_CONSTANT: dict[str, Any] = {
    "available": "Y", "barcodeMulti": "N", "bundle": "N", "canBuyZero": "N", "dateActiveFrom": None,
    "dateActiveTo": None, "detailText": None, "detailTextType": "text", "height": None, "length": None,
    "previewText": None, "previewTextType": "text", "property259": [], "purchasingCurrency": None,
    "purchasingPrice": None, "quantityReserved": 0, "quantityTrace": "N", "recurSchemeLength": None,
    "recurSchemeType": None, "subscribe": "Y", "trialPriceId": None, "type": 1, "weight": None,
    "width": None, "withoutOrder": "N",
}  # fmt: skip
"""What is the same for every product of this shop."""

_NAMES = {"iblockId": "CATALOG_ID", "iblockSectionId": "SECTION_ID"}


def _table(call: Call) -> Table:
    return call.portal.tables["product"]


def _list(call: Call) -> Outcome:
    return page(call, _table(call), where_of(call, _table(call)))


def _one(call: Call) -> Values:
    record_id = call.integer("id")
    if record_id <= 0:
        raise no_id()
    values = call.portal.store.get(_table(call), record_id)
    if values is None:
        raise not_found()
    return _table(call).record(record_id, values)


def _get(call: Call) -> Outcome:
    return Outcome(_one(call), seconds=0.02)


def _fields(call: Call) -> Outcome:
    fields = _table(call).fields.items()
    return Outcome({name: userfields.described(field, item=False) for name, field in fields})


def _changeable(call: Call) -> None:
    if not call.person.admin:
        raise access_denied()


def _add(call: Call) -> Outcome:
    _changeable(call)
    given = call.map("fields", required=True)
    if not php.text({name.upper(): value for name, value in given.items()}.get("NAME")):
        raise Refused(400, "", "The field NAME is not defined or empty")
    return Outcome(call.portal.records.add(_table(call), given, call.person.id), seconds=_WRITE_SECONDS)


def _update(call: Call) -> Outcome:
    _changeable(call)
    record_id = int(_one(call)["ID"])
    call.portal.records.update(_table(call), record_id, call.map("fields", required=True), call.person.id)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _delete(call: Call) -> Outcome:
    _changeable(call)
    call.portal.records.remove(_table(call), [int(_one(call)["ID"])])
    return Outcome(True, seconds=_WRITE_SECONDS)


def _catalog(call: Call) -> Outcome:
    """Native values under camelCase names; id and iblockId must be selected, iblockId filtered by."""
    table, select = _table(call), call.names("select")
    given = call.map("filter")
    if not {"id", "iblockId"} <= {*select, *(("id", "iblockId") if "*" in select else ())}:
        raise Refused(400, "0", "Required select fields: id, iblockId")
    if not any(key.lstrip("=@") == "iblockId" for key in given):
        raise Refused(400, "0", "Required filter fields: iblockId")
    named = {_classic(name): value for name, value in given.items()}
    where = filters.classic(table, named, call.portal.clock.zone, unlike=True)
    order = [
        (_classic(name), php.text(way).upper() == "DESC")
        for name, way in call.map("order").items()
        if _classic(name) in table.names
    ]
    found = listed(call, table, where, order)
    rows = [_product(table.record(number, orjson.loads(data))) for number, data in found.records]
    if "*" not in select:
        rows = [{name: value for name, value in row.items() if name in select} for row in rows]
    seconds = page_seconds(call, len(rows), wide=True, counted=found.total)
    return Outcome({"products": rows}, found.total, found.next, seconds)


def _classic(name: str) -> str:
    """A camelCase name with its prefix as the catalogue's old form has it."""
    bare = name.lstrip("!<>=%@")
    prefix = name[: len(name) - len(bare)]
    return prefix + _NAMES.get(bare, upper_name(bare))


def _product(record: Values) -> dict[str, Any]:
    number = int(record["ID"])
    shown: dict[str, Any] = _CONSTANT | {
        "id": number,
        "iblockId": php.integer(record["CATALOG_ID"]),
        "iblockSectionId": php.integer(record["SECTION_ID"]) or None,
        "quantity": number % 40,
        "property258": record["PROPERTY_258"],
    }
    for name in ("NAME", "CODE", "ACTIVE", "XML_ID", "VAT_INCLUDED", "DATE_CREATE", "TIMESTAMP_X"):
        shown[item_name(name)] = record[name]
    for name in ("SORT", "MEASURE", "VAT_ID", "CREATED_BY", "MODIFIED_BY"):
        shown[item_name(name)] = php.integer(record[name]) if record[name] else None
    for name in ("DETAIL_PICTURE", "PREVIEW_PICTURE"):
        shown[item_name(name)] = record[name]
    return shown


METHODS: Methods = {
    "crm.product.list": Method(_list, _CRM),
    "crm.product.get": Method(_get, _CRM),
    "crm.product.fields": Method(_fields, _CRM),
    "crm.product.add": Method(_add, _CRM),
    "crm.product.update": Method(_update, _CRM),
    "crm.product.delete": Method(_delete, _CRM),
    "catalog.product.list": Method(_catalog, ("catalog",)),
}
