"""The products of a deal, a lead or an item: read and replaced as a whole; their sum is the amount."""

from functools import partial
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.belongings import table_of
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.deals import DEALS
from headwater.sandbox.bitrix24.errors import Refused, access_denied, not_array
from headwater.sandbox.bitrix24.fields import Entity, Owner, Table, Values, item_name, upper_name
from headwater.sandbox.bitrix24.filters import split
from headwater.sandbox.bitrix24.leads import LEADS
from headwater.sandbox.bitrix24.lookup import where
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered, paged
from headwater.sandbox.bitrix24.methods.types import short_code
from headwater.sandbox.bitrix24.products import plain, row_of
from headwater.sandbox.bitrix24.rights import visible_to

_CRM = ("crm",)
_WRITE_SECONDS = 0.3


def _rows(call: Call, owners: list[Owner]) -> list[Values]:
    """The rows of these owners, in order of owner and place."""
    table = call.portal.tables["productrow"]
    held = where(call.portal.store, table, "OWNER_ID", [one for _, one in owners])
    rows = [table.record(*one) for one in held]
    mine = [row for row in rows if (row["OWNER_TYPE_ID"], row["OWNER_ID"]) in owners]
    return sorted(mine, key=lambda row: (row["OWNER_ID"], row["SORT"], int(row["ID"])))


def _owner(call: Call, table: Table | None, record_id: int) -> Values:
    values = call.portal.store.get(table, record_id) if table and record_id > 0 else None
    if table is None or values is None:
        raise Refused(400, "", "The parameter id is invalid or not defined.")
    record = table.record(record_id, values)
    if not visible_to(call.person, record):
        raise access_denied()
    return record


def _get(entity: Entity, call: Call) -> Outcome:
    record = _owner(call, call.portal.tables[entity.name], call.integer("id"))
    return Outcome([_classic(row) for row in _rows(call, [(entity.type_id, int(record["ID"]))])])


def _classic(row: Values) -> dict[str, Any]:
    """A row of the old form: texts and numbers mixed."""
    parts = _prices(row)
    return {
        "ID": row["ID"],
        "OWNER_ID": str(row["OWNER_ID"]),
        "OWNER_TYPE": short_code(row["OWNER_TYPE_ID"]),
        "PRODUCT_ID": row["PRODUCT_ID"],
        "PRODUCT_NAME": row["PRODUCT_NAME"],
        "ORIGINAL_PRODUCT_NAME": row["PRODUCT_NAME"],
        "PRODUCT_DESCRIPTION": None,
        "PRICE": row["PRICE"],
        "PRICE_EXCLUSIVE": parts["exclusive"],
        "PRICE_NETTO": parts["netto"],
        "PRICE_BRUTTO": row["PRICE_NETTO"],
        "PRICE_ACCOUNT": f"{row['PRICE']:.2f}",
        "QUANTITY": row["QUANTITY"],
        "DISCOUNT_TYPE_ID": 2,
        "DISCOUNT_RATE": row["DISCOUNT_RATE"],
        "DISCOUNT_SUM": row["DISCOUNT_SUM"],
        "TAX_RATE": row["TAX_RATE"],
        "TAX_INCLUDED": row["TAX_INCLUDED"],
        "CUSTOMIZED": "Y",
        "MEASURE_CODE": row["MEASURE_CODE"],
        "MEASURE_NAME": row["MEASURE_NAME"],
        "SORT": row["SORT"],
        "XML_ID": "",
        "TYPE": row["TYPE"],
        "STORE_ID": 0,
        "RESERVE_ID": None,
        "DATE_RESERVE_END": None,
        "RESERVE_QUANTITY": None,
    }


def _prices(row: Values) -> dict[str, float | int]:
    """Prices without tax: what is paid, and what it was before the discount."""
    tax = float(row["TAX_RATE"] or 0) if row["TAX_INCLUDED"] == "Y" else 0.0
    return {
        "exclusive": plain(row["PRICE"] / (1 + tax / 100)),
        "netto": plain(row["PRICE_NETTO"] / (1 + tax / 100)),
    }


def _item(row: Values) -> dict[str, Any]:
    """A row of the new form: native values, camelCase names."""
    parts = _prices(row)
    return {
        "id": int(row["ID"]),
        "ownerId": row["OWNER_ID"],
        "ownerType": short_code(row["OWNER_TYPE_ID"]),
        "productId": row["PRODUCT_ID"],
        "productName": row["PRODUCT_NAME"],
        "price": row["PRICE"],
        "priceAccount": row["PRICE"],
        "priceExclusive": parts["exclusive"],
        "priceNetto": parts["netto"],
        "priceBrutto": row["PRICE_NETTO"],
        "quantity": row["QUANTITY"],
        "discountTypeId": 2,
        "discountRate": row["DISCOUNT_RATE"],
        "discountSum": row["DISCOUNT_SUM"],
        "taxRate": row["TAX_RATE"],
        "taxIncluded": row["TAX_INCLUDED"],
        "customized": "Y",
        "measureCode": row["MEASURE_CODE"],
        "measureName": row["MEASURE_NAME"],
        "sort": row["SORT"],
        "xmlId": "",
        "type": row["TYPE"],
    }


def _set(entity: Entity, call: Call) -> Outcome:
    table = call.portal.tables[entity.name]
    record = _owner(call, table, call.integer("id"))
    given = call.get("rows")
    if not php.is_array(given):
        raise not_array("rows")
    rows = [{name.upper(): value for name, value in php.as_map(one).items()} for one in php.as_list(given)]
    _replace(call, table, record, rows)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _replace(call: Call, table: Table, record: Values, rows: list[Values]) -> list[Values]:
    """Puts new rows, with new ids, in place of all there were; an amount that is not manual follows."""
    store, kept = call.portal.store, call.portal.tables["productrow"]
    owner: Owner = (table.entity.type_id, int(record["ID"]))
    made = [row_of(row, owner, at) for at, row in enumerate(rows)]
    with store.together():
        store.erase(kept, [int(one["ID"]) for one in _rows(call, [owner])])
        first = store.next_id(kept, len(made))
        store.put(kept, [(first + at, kept.row(row)) for at, row in enumerate(made)])
        _settle(call, table, record, made)
    return _rows(call, [owner])


def _table_of(call: Call, code: str) -> Table | None:
    owned = (one for one in call.portal.tables.values() if one.entity.type_id)
    return next((one for one in owned if short_code(one.entity.type_id) == code), None)


def _list(call: Call) -> Outcome:
    """Of one kind of owner, and of one owner or several; filters know the rows' ids and products, orders
    their ids and places, by which they are sorted unless asked otherwise. The official SDK writes ID."""
    given = {_lower(name): value for name, value in call.map("filter").items()}
    owner = {name.lstrip("=@"): value for name, value in given.items()}
    table = _table_of(call, php.text(owner.get("ownerType")))
    if table is None or "ownerId" not in owner:
        raise Refused(400, "REQUIRED_ARG_MISSING", "Required filter fields: =ownerType, =ownerId")
    owners: list[Owner] = [(table.entity.type_id, php.integer(one)) for one in php.as_list(owner["ownerId"])]
    held = {one: call.portal.store.get(table, one[1]) for one in owners}
    seen = [
        one
        for one, values in held.items()
        if values and visible_to(call.person, table.record(one[1], values))
    ]
    rows = narrowed([_item(row) for row in _rows(call, seen)], given, fields=("id", "productId"))
    order = {_lower(name): way for name, way in call.map("order").items()}
    by = {name: way for name, way in order.items() if name in ("id", "sort")}
    return paged(call, ordered(rows, by or {"sort": "ASC"}), wrapper="productRows", seconds=0.05)


def _lower(key: str) -> str:
    """A key of a filter or an order with its name in camelCase."""
    operator, name = split(key)
    return operator + (item_name(name) if name.isupper() else name)


def _kept(call: Call) -> tuple[Table, Values, Values]:
    """The row a call names, its owner's table and its owner."""
    kept = call.portal.tables["productrow"]
    values = call.portal.store.get(kept, call.integer("id"))
    if values is None:
        raise Refused(400, "NOT_FOUND", "Element not found")
    row = kept.record(call.integer("id"), values)
    table = table_of(call.portal.tables, (php.integer(row["OWNER_TYPE_ID"]), php.integer(row["OWNER_ID"])))
    return table or kept, row, _owner(call, table, php.integer(row["OWNER_ID"]))


def _item_get(call: Call) -> Outcome:
    return Outcome({"productRow": _item(_kept(call)[1])}, seconds=0.02)


def _item_add(call: Call) -> Outcome:
    given = call.map("fields", required=True)
    table = _table_of(call, php.text(given.get("ownerType")))
    if table is None or call.portal.store.get(table, php.integer(given.get("ownerId"))) is None:
        raise Refused(400, "OWNER_NOT_FOUND", "Owner not found")
    record = _owner(call, table, php.integer(given.get("ownerId")))
    before = _rows(call, [(table.entity.type_id, int(record["ID"]))])
    made = row_of(_upper(given), (table.entity.type_id, int(record["ID"])), len(before))
    return _changed(call, table, record, put=made)


def _item_update(call: Call) -> Outcome:
    table, row, record = _kept(call)
    made = row_of(row | _upper(call.map("fields", required=True)), _owner_of(row), 0)
    return _changed(call, table, record, put=made, number=int(row["ID"]))


def _item_delete(call: Call) -> Outcome:
    table, row, record = _kept(call)
    _changed(call, table, record, number=int(row["ID"]))
    return Outcome(None, seconds=_WRITE_SECONDS)


def _owner_of(row: Values) -> Owner:
    return (php.integer(row["OWNER_TYPE_ID"]), php.integer(row["OWNER_ID"]))


def _changed(
    call: Call, table: Table, record: Values, *, put: Values | None = None, number: int = 0
) -> Outcome:
    """Writes one row, new when it has no number yet, or takes it out; the amount follows."""
    store, kept = call.portal.store, call.portal.tables["productrow"]
    with store.together():
        if put is None:
            store.erase(kept, [number])
        else:
            number = number or store.next_id(kept)
            store.put(kept, [(number, kept.row(put))])
        _settle(call, table, record, _rows(call, [(table.entity.type_id, int(record["ID"]))]))
    values = store.get(kept, number)
    shown = _item(kept.record(number, values)) if values else {}
    return Outcome({"productRow": shown}, seconds=_WRITE_SECONDS)


def _settle(call: Call, table: Table, record: Values, rows: list[Values]) -> None:
    """An amount that is not manual is the sum of the rows."""
    if record["IS_MANUAL_OPPORTUNITY"] != "Y":
        amount = sum(float(row["PRICE"]) * float(row["QUANTITY"]) for row in rows)
        number = int(record["ID"])
        call.portal.records.update(table, number, {"OPPORTUNITY": round(amount, 2)}, call.person.id)


def _item_set(call: Call) -> Outcome:
    table = _table_of(call, call.text("ownerType"))
    values = call.portal.store.get(table, call.integer("ownerId")) if table else None
    if table is None or values is None:
        raise Refused(400, "OWNER_NOT_FOUND", "Owner not found")
    record = _owner(call, table, call.integer("ownerId"))
    if not php.is_array(call.get("productRows")):
        raise Refused(400, "100", "Could not find value for parameter {productRows}")
    rows = [_upper(php.as_map(one)) for one in php.as_list(call.get("productRows"))]
    return Outcome(
        {"productRows": [_item(row) for row in _replace(call, table, record, rows)]}, seconds=_WRITE_SECONDS
    )


def _upper(given: Values) -> Values:
    return {upper_name(name): value for name, value in given.items()}


METHODS: Methods = {
    "crm.item.productrow.list": Method(_list, _CRM),
    "crm.item.productrow.get": Method(_item_get, _CRM),
    "crm.item.productrow.add": Method(_item_add, _CRM),
    "crm.item.productrow.update": Method(_item_update, _CRM),
    "crm.item.productrow.delete": Method(_item_delete, _CRM),
    "crm.item.productrow.set": Method(_item_set, _CRM),
}
for _entity in (DEALS, LEADS):
    METHODS[f"crm.{_entity.name}.productrows.get"] = Method(partial(_get, _entity), _CRM)
    METHODS[f"crm.{_entity.name}.productrows.set"] = Method(partial(_set, _entity), _CRM)
