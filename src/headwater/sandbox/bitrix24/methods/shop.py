"""sale.* and crm.orderentity.list: the orders of the online shop, for administrators."""

from collections.abc import Callable
from functools import partial
from typing import Any

from headwater.sandbox.bitrix24 import lookup, php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Field, Table, Values
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.methods.camel import camel_page, camel_where, plain_row, record_of
from headwater.sandbox.bitrix24.methods.rows import Rows, narrowed, ordered, paged
from headwater.sandbox.bitrix24.rights import visible
from headwater.sandbox.bitrix24.shop import PERSON_TYPES, STATUSES
from headwater.sandbox.bitrix24.values import moment, shown_moment

_SALE = ("sale",)
_WRITE_SECONDS = 0.3
_UNREADABLE, _UNWRITABLE, _UNKNOWN = 200040300010, 200040300020, 200540400001
_IN_BASKET: dict[str, Any] = {
    "barcodeMulti": "N", "dateRefresh": None, "detailPageUrl": "", "discountCoupon": "", "discountName": "",
    "discountValue": "", "fuserId": 4, "lid": "s1", "module": "catalog", "notes": "BASE", "priceTypeId": 1,
    "productPriceId": 112, "productProviderClass": "\\Bitrix\\Catalog\\Product\\CatalogProvider",
    "recommendation": "", "setParentId": "", "subscribe": "N", "type": "",
}  # fmt: skip
"""What an order says of the things in it besides what they say themselves."""

_WRITABLE = {
    "additionalInfo", "canceled", "comments", "companyId", "externalOrder", "id1c", "marked", "orderTopic",
    "personTypeId", "reasonCanceled", "reasonMarked", "responsibleId", "statusId", "updated1c",
    "userDescription", "version1c", "xmlId",
}  # fmt: skip


def _admin(run: Callable[[Call], Outcome], code: int = _UNREADABLE) -> Method:
    """A method for administrators only."""

    def checked(call: Call) -> Outcome:
        if not call.person.admin:
            raise Refused(400, code, "Access Denied")
        return run(call)

    return Method(checked, _SALE)


def _list(name: str, wrapper: str, call: Call) -> Outcome:
    return camel_page(call, call.portal.tables[name], wrapper)


def _of_deals(call: Call) -> Outcome:
    """Which order is of which deal, for the deals the caller sees."""
    table, deals = call.portal.tables["sale_bond"], call.portal.deals
    where, mine = camel_where(call, table), visible(deals, call.person, Where())
    if not call.person.admin:
        owner = expression(table, table.fields["OWNER_ID"])
        where = where.also(Condition(f"{owner} in (select id from deal where {mine.sql})", mine.arguments))  # noqa: S608 (declared names)
    return camel_page(call, table, "orderEntity", where)


def _get(name: str, wrapper: str, call: Call) -> Outcome:
    return Outcome({wrapper: plain_row(_one(call, name), _shown(call.portal.tables[name]))}, seconds=0.02)


def _one(call: Call, name: str) -> Values:
    if call.get("id") is None:
        raise Refused(400, "100", "Could not find value for parameter {id}")
    record = record_of(call, call.portal.tables[name], call.integer("id"))
    if record is None:
        what = name.removeprefix("sale_").replace("basketitem", "basket item")
        raise Refused(400, _UNKNOWN, f"{what} does not exist")
    return record


def _shown(table: Table) -> list[Field]:
    return [one for name, one in table.fields.items() if name not in table.hidden]


def _order(call: Call) -> Outcome:
    """An order with all its parts; the ids of what is in its basket are texts here."""
    record = _one(call, "sale_order")
    number = int(record["ID"])
    parts = {
        name: _parts(call, f"sale_{kind}", number)
        for name, kind in (("basketItems", "basketitem"), ("payments", "payment"), ("shipments", "shipment"))
    }
    for item in parts["basketItems"]:
        item.update(_IN_BASKET, id=str(item["id"]), orderId=str(item["orderId"]))
    for shipment in parts["shipments"]:
        shipment["shipmentItems"] = _shipped(call, shipment)
    whole = _bare(call, record) | parts | _bonds(record) | {"requisiteLink": _requisite(call, record)}
    return Outcome({"order": whole}, seconds=0.1)


def _requisite(call: Call, record: Values) -> Any:
    """The requisites of the company an order is of; `[]` without."""
    table, firm = call.portal.tables["requisite"], php.integer(record["CLIENT_COMPANY_ID"])
    held = [one for one, _ in lookup.where(call.portal.store, table, "ENTITY_ID", [firm])] if firm else []
    return (
        {"bankDetailId": 0, "mcBankDetailId": 0, "mcRequisiteId": 0, "requisiteId": held[0]} if held else []
    )


def _shipment(call: Call) -> Outcome:
    """A delivery with what is in it."""
    table = call.portal.tables["sale_shipment"]
    shown = plain_row(_one(call, "sale_shipment"), _shown(table))
    return Outcome({"shipment": shown | {"shipmentItems": _shipped(call, shown)}}, seconds=0.02)


def _bare(call: Call, record: Values) -> dict[str, Any]:
    shown = plain_row(record, _shown(call.portal.tables["sale_order"]))
    return shown | {"clients": _clients(record), "requisiteLink": []}


def _clients(record: Values) -> list[dict[str, Any]]:
    """The contact and the company an order is of."""
    named = ((3, record["CLIENT_CONTACT_ID"]), (4, record["CLIENT_COMPANY_ID"]))
    held = [(kind, php.integer(one)) for kind, one in named if one]
    return [
        {
            "id": int(record["ID"]) * 2 + kind - 3,
            "orderId": int(record["ID"]),
            "entityTypeId": kind,
            "entityId": one,
            "isPrimary": "Y",
            "roleId": 0,
            "sort": 0,
        }
        for kind, one in held
    ]


def _bonds(record: Values) -> dict[str, Any]:
    """What an order refers to: the answers of its form, the shop it came from."""
    number = int(record["ID"])
    value = {"code": "ADDRESS", "name": "Адрес доставки", "orderPropsId": 26, "orderPropsXmlId": None}
    binding = {"externalOrderId": str(number), "tradingPlatformId": "9", "params": None}
    named = {"tradingPlatformXmlId": "bx_659ff72864c8f", "xmlId": f"bx_{number:013x}"}
    return {
        "propertyValues": [value | {"id": number, "value": record["USER_DESCRIPTION"] or None}],
        "tradeBindings": [binding | named | {"id": number, "orderId": number}],
    }


def _parts(call: Call, name: str, order: int) -> list[dict[str, Any]]:
    table = call.portal.tables[name]
    held = lookup.where(call.portal.store, table, "ORDER_ID", [order])
    return [plain_row(table.record(*one), _shown(table)) for one in held]


def _shipped(call: Call, shipment: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything in the basket of its order: nothing is delivered in parts here."""
    return [
        {
            "id": item["id"],
            "basketId": item["id"],
            "orderDeliveryId": shipment["id"],
            "quantity": item["quantity"],
            "reservedQuantity": item["quantity"],
            "dateInsert": shipment["dateInsert"],
            "xmlId": f"bx_{item['id']:013x}",
        }
        for item in _parts(call, "sale_basketitem", shipment["orderId"])
    ]


def _update(call: Call) -> Outcome:
    """Writes what may be written of an order, dates it, counts its version; the whole order comes back."""
    given = call.get("fields")
    if call.get("id") is None or not php.is_array(given):
        missing = "id" if call.get("id") is None else "fields"
        raise Refused(400, "100", f"Could not find value for parameter {{{missing}}}")
    table, old = call.portal.tables["sale_order"], _one(call, "sale_order")
    changes = {
        one.name: _written(call, one, value)
        for name, value in php.as_map(given).items()
        if name in _WRITABLE and (one := table.by_item[name])
    }
    if changes.get("STATUS_ID", "N") not in [code for code, kind, *_ in STATUSES if kind == "O"]:
        raise Refused(400, 0, "Invalid status")
    now, me = call.portal.clock.shown(), call.person.id
    if changes.get("STATUS_ID", old["STATUS_ID"]) != old["STATUS_ID"]:
        changes |= {"DATE_STATUS": now, "EMP_STATUS_ID": me}
    if changes.get("CANCELED", old["CANCELED"]) != old["CANCELED"]:
        changes |= {"DATE_CANCELED": now, "EMP_CANCELED_ID": me}
    changes |= {"DATE_UPDATE": now, "VERSION": old["VERSION"] + 1}
    call.portal.records.force(table, [int(old["ID"])], changes, touch=False)
    return Outcome({"order": _bare(call, old | changes)}, seconds=_WRITE_SECONDS)


def _written(call: Call, one: Field, value: Any) -> Any:
    """A value a client sent, in the native form it is kept in."""
    if one.type in ("integer", "user"):
        return None if php.is_empty(value) else php.integer(value)
    if one.type == "char":
        return "Y" if php.text(value).upper() == "Y" else "N"
    if one.type == "datetime":
        at = moment(value, call.portal.clock.zone)
        return shown_moment(at) if at else None
    return php.text(value)


_STATUS_ROWS: Rows = [
    {"color": color, "id": code, "notify": "Y", "sort": sort, "type": kind, "xmlId": None}
    for code, kind, sort, _, color in STATUSES
]
_NAME_ROWS: Rows = [
    {"description": "", "lid": "ru", "name": name, "statusId": code} for code, _, _, name, _ in STATUSES
]
_PERSON_ROWS: Rows = [
    {"active": "Y", "code": None, "id": number, "name": name, "sort": sort, "xmlId": None}
    for number, name, sort in PERSON_TYPES
]


def _book(rows: Rows, wrapper: str, call: Call) -> Outcome:
    """A list that is kept whole: its filter, its order, the fields that are selected."""
    kept = ordered(narrowed(rows, call.map("filter")), call.map("order"))
    names = set(call.names("select")) & set(rows[0])
    chosen = [{name: value for name, value in row.items() if name in (names or row)} for row in kept]
    return paged(call, chosen, wrapper=wrapper)


def _entry(rows: Rows, wrapper: str, what: str, call: Call) -> Outcome:
    found = next((row for row in rows if php.text(row["id"]) == call.text("id")), None)
    if found is None:
        raise Refused(400, _UNKNOWN, f"{what} does not exist")
    return Outcome({wrapper: found})


METHODS: Methods = {
    "sale.order.get": _admin(_order),
    "sale.shipment.get": _admin(_shipment),
    "sale.order.update": _admin(_update, _UNWRITABLE),
    "sale.status.list": _admin(partial(_book, _STATUS_ROWS, "statuses")),
    "sale.status.get": _admin(partial(_entry, _STATUS_ROWS, "status", "status")),
    "sale.statuslang.list": _admin(partial(_book, _NAME_ROWS, "statusLangs")),
    "sale.persontype.list": _admin(partial(_book, _PERSON_ROWS, "personTypes")),
    "sale.persontype.get": _admin(partial(_entry, _PERSON_ROWS, "personType", "person type")),
    "crm.orderentity.list": Method(_of_deals, ("crm",)),
}
for _kind, _single, _several in (
    ("order", "", "orders"),
    ("basketitem", "basketItem", "basketItems"),
    ("payment", "payment", "payments"),
    ("shipment", "", "shipments"),
):
    METHODS[f"sale.{_kind}.list"] = _admin(partial(_list, f"sale_{_kind}", _several))
    if _single:
        METHODS[f"sale.{_kind}.get"] = _admin(partial(_get, f"sale_{_kind}", _single))
