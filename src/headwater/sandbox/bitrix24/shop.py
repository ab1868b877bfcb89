"""The online shop as the vendor describes it: orders, what is in them, how they are paid and delivered."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Owner, Values, native

STATUSES = (
    ("N", "O", 10, "Принят, ожидается оплата", "#BEEDF1"),
    ("P", "O", 20, "Оплачен, формируется к отправке", "#FFF55A"),
    ("F", "O", 30, "Выполнен", "#7BD500"),
    ("DN", "D", 310, "Ожидает обработки", "#BEEDF1"),
    ("DF", "D", 320, "Отгружен", "#7BD500"),
)
"""Statuses of orders (O) and of deliveries (D): id, type, sort, name, colour."""

PERSON_TYPES = ((3, "Физическое лицо", "100"), (4, "Юридическое лицо", "110"))
PERSON, FIRM = 3, 4

_ORDER = (
    Field("ID", "integer"),
    native("accountNumber"), native("additionalInfo"), native("affiliateId", "integer", None),
    native("canceled", "char", "N"), native("comments"), native("companyId", "integer", None),
    native("currency"), native("dateCanceled", "datetime", None), native("dateInsert", "datetime", None),
    native("dateLock", "datetime", None), native("dateMarked", "datetime", None),
    native("dateStatus", "datetime", None), native("dateUpdate", "datetime", None, indexed=True),
    native("deducted", "char", "N"), native("discountValue", "double", 0),
    native("empCanceledId", "user", None), native("empMarkedId", "user", None),
    native("empStatusId", "user", None), native("externalOrder", "char", "N"), native("id1c"),
    native("lid", "string", "s1"), native("lockedBy"), native("marked", "char", "N"), native("orderTopic"),
    native("payed", "char", "N"), native("personTypeId", "integer", PERSON), native("personTypeXmlId"),
    native("price", "double", 0), native("reasonCanceled"), native("reasonMarked"),
    native("recountFlag", "char", "Y"), native("recurringId"), native("responsibleId", "user", None),
    native("statusId", "string", "N"), native("statusXmlId"), native("taxValue", "double", 0),
    native("updated1c", "char", "N"), native("userDescription"), native("userId", "user", None),
    native("version", "integer", 0), native("version1c"), native("xmlId"),
    Field("CLIENT_CONTACT_ID", "crm_contact", named=True),
    Field("CLIENT_COMPANY_ID", "crm_company", named=True),
)  # fmt: skip
_BASKET = (
    Field("ID", "integer"),
    native("orderId", "integer", 0, indexed=True), native("productId", "integer", 0), native("name"),
    native("price", "double", 0), native("basePrice", "double", 0), native("discountPrice", "double", 0),
    native("quantity", "double", 1), native("currency"), native("canBuy", "char", "Y"),
    native("customPrice", "char", "N"), native("measureCode", "string", "796"),
    native("measureName", "string", "шт"), native("vatRate", "double", None),
    native("vatIncluded", "char", "Y"), native("weight", "double", 0),
    native("dimensions", "string", 'a:3:{s:5:"WIDTH";N;s:6:"HEIGHT";N;s:6:"LENGTH";N;}'),
    native("catalogXmlId"), native("productXmlId"), native("xmlId"), native("sort", "integer", 100),
    native("dateInsert", "datetime", None), native("dateUpdate", "datetime", None, indexed=True),
    native("properties", "object", []), native("reservations", "object", []),
)  # fmt: skip
_PAYMENT = (
    Field("ID", "integer"),
    native("accountNumber"), native("comments"), native("companyId", "integer", None), native("currency"),
    native("dateBill", "datetime", None), native("dateMarked", "datetime", None),
    native("datePaid", "datetime", None), native("datePayBefore", "datetime", None),
    native("dateResponsibleId", "datetime", None), native("empMarkedId", "user", None),
    native("empPaidId", "user", None), native("empResponsibleId", "user", None),
    native("empReturnId", "user", None), native("externalPayment", "char", "N"), native("id1c"),
    native("isReturn", "char", "N"), native("marked", "char", "N"),
    native("orderId", "integer", 0, indexed=True), native("paid", "char", "N"), native("payReturnComment"),
    native("payReturnDate", "datetime", None), native("payReturnNum"), native("paySystemId", "integer", 6),
    native("paySystemIsCash", "char", "Y"), native("paySystemName", "string", "Наличные"),
    native("paySystemXmlId", "string", "bx_64134ba550ffa"), native("payVoucherDate", "datetime", None),
    native("payVoucherNum"), native("priceCod", "string", "0.000000"), native("psCurrency"),
    native("psInvoiceId", "integer", None), native("psResponseDate", "datetime", None), native("psStatus"),
    native("psStatusCode"), native("psStatusDescription"), native("psStatusMessage"),
    native("psSum", "double", None), native("reasonMarked"), native("responsibleId", "user", None),
    native("sum", "double", 0), native("updated1c", "char", "N"), native("version1c"), native("xmlId"),
)  # fmt: skip
_SHIPMENT = (
    Field("ID", "integer"),
    native("accountNumber"), native("allowDelivery", "char", "N"), native("basePriceDelivery", "double", 0),
    native("canceled", "char", "N"), native("comments"), native("companyId", "integer", 0),
    native("currency"), native("customPriceDelivery", "char", "N"),
    native("dateAllowDelivery", "datetime", None), native("dateCanceled", "datetime", None),
    native("dateDeducted", "datetime", None), native("dateInsert", "datetime", None, indexed=True),
    native("dateMarked", "datetime", None), native("dateResponsibleId", "datetime", None),
    native("deducted", "char", "N"), native("deliveryDocDate", "datetime", None), native("deliveryDocNum"),
    native("deliveryId", "integer", 1), native("deliveryName", "string", "Без доставки"),
    native("deliveryXmlId"), native("discountPrice", "double", None),
    native("empAllowDeliveryId", "user", None), native("empCanceledId", "user", None),
    native("empDeductedId", "user", None), native("empMarkedId", "user", None),
    native("empResponsibleId", "user", None), native("externalDelivery", "char", "N"), native("id1c"),
    native("marked", "char", "N"), native("orderId", "integer", 0, indexed=True),
    native("priceDelivery", "double", 0), native("reasonMarked"), native("reasonUndoDeducted"),
    native("responsibleId", "user", 0), native("statusId", "string", "DN"), native("statusXmlId"),
    native("system", "char", "N"), native("trackingDescription"), native("trackingLastCheck"),
    native("trackingNumber"), native("trackingStatus"), native("updated1c", "char", "N"),
    native("version1c"), native("xmlId"),
)  # fmt: skip
_BOND = (
    Field("ID", "integer", item="orderId"),
    native("ownerId", "integer", 0, indexed=True),
    native("ownerTypeId", "integer", 2),
)


def _ordered(books: Books, order: Values, moment: Moment) -> None:
    for name in ("DATE_INSERT", "DATE_UPDATE", "DATE_STATUS"):
        order.setdefault(name, moment.now)
    order.setdefault("ACCOUNT_NUMBER", str(order["ID"]))
    order.setdefault("CURRENCY", books.base_currency())
    order.setdefault("USER_ID", moment.user_id)


def _dated(_books: Books, part: Values, moment: Moment) -> None:
    for name in ("DATE_INSERT", "DATE_UPDATE", "DATE_BILL"):
        part.setdefault(name, moment.now)


def _untouched(*_: Any) -> None:
    """What follows from a change is written along with it."""


def _owners(bond: Values) -> list[Owner]:
    return [(php.integer(bond["OWNER_TYPE_ID"]), php.integer(bond["OWNER_ID"]))]


def _moved(bond: Values, _old: Owner, new: Owner) -> None:
    bond["OWNER_TYPE_ID"], bond["OWNER_ID"] = new


ORDERS = Entity("sale_order", 0, "", _ORDER, _ordered, _untouched, modified="DATE_UPDATE", modified_by="")
BASKETS = Entity(
    "sale_basketitem", 0, "", _BASKET, _dated, _untouched, modified="DATE_UPDATE", modified_by=""
)
PAYMENTS = Entity("sale_payment", 0, "", _PAYMENT, _dated, _untouched, modified="", modified_by="")
SHIPMENTS = Entity("sale_shipment", 0, "", _SHIPMENT, _dated, _untouched, modified="", modified_by="")
BONDS = Entity(
    "sale_bond",
    0,
    "",
    _BOND,
    _untouched,
    _untouched,
    modified="",
    modified_by="",
    owner="OWNER_ID",
    owners=_owners,
    moved=_moved,
)
"""Which order is of which deal; its id is the order's."""

SHOP = (ORDERS, BASKETS, PAYMENTS, SHIPMENTS, BONDS)
