"""The catalogue, and the rows of products in deals, leads and smart processes."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Owner, Values

CATALOG = 23
"""The only catalogue: CATALOG_ID, iblockId."""

_PRODUCT = (
    Field("ID", "integer", "ID", readonly=True),
    Field("NAME", "string", "Название", required=True),
    Field("CODE", "string", "Символьный код"),
    Field("ACTIVE", "char", "Активен", empty="Y"),
    Field("PREVIEW_PICTURE", "product_file", "Картинка для анонса"),
    Field("DETAIL_PICTURE", "product_file", "Детальная картинка"),
    Field("SORT", "integer", "Сортировка", empty="500"),
    Field("XML_ID", "string", "Внешний код"),
    Field("TIMESTAMP_X", "datetime", "Дата изменения", readonly=True, indexed=True),
    Field("DATE_CREATE", "datetime", "Дата создания", readonly=True),
    Field("MODIFIED_BY", "user", "Кем изменён", readonly=True),
    Field("CREATED_BY", "user", "Кем создан", readonly=True),
    Field("CATALOG_ID", "integer", "Каталог", empty=str(CATALOG)),
    Field("SECTION_ID", "integer", "Раздел"),
    Field("DESCRIPTION", "string", "Описание"),
    Field("DESCRIPTION_TYPE", "string", "Тип описания", empty="text"),
    Field("PRICE", "double", "Цена"),
    Field("CURRENCY_ID", "crm_currency", "Валюта"),
    Field("VAT_ID", "integer", "Ставка НДС"),
    Field("VAT_INCLUDED", "char", "НДС включён в цену", empty="N"),
    Field("MEASURE", "integer", "Единица измерения"),
    Field("PROPERTY_258", "object", "Артикул", named=True),
)


def _made(books: Books, product: Values, moment: Moment) -> None:
    me = str(moment.user_id)
    product["DATE_CREATE"] = product["TIMESTAMP_X"] = moment.now
    product["CREATED_BY"] = product["MODIFIED_BY"] = me
    product.setdefault("CURRENCY_ID", books.base_currency())
    product.setdefault("XML_ID", str(product["ID"]))


def _changed(_books: Books, _old: Values, product: Values, moment: Moment) -> None:
    product["TIMESTAMP_X"], product["MODIFIED_BY"] = moment.now, str(moment.user_id)


PRODUCTS = Entity(
    "product", 0, "", _PRODUCT, _made, _changed, modified="TIMESTAMP_X", modified_by="MODIFIED_BY"
)

_ROW = (
    Field("ID", "integer"),
    Field("OWNER_ID", "integer", indexed=True),
    Field("OWNER_TYPE_ID", "integer"),
    Field("PRODUCT_ID", "integer", empty=0),
    Field("PRODUCT_NAME", "string", empty=""),
    Field("PRICE", "double", empty=0),
    Field("PRICE_NETTO", "double", empty=0),
    Field("QUANTITY", "double", empty=1),
    Field("DISCOUNT_RATE", "double", empty=0),
    Field("DISCOUNT_SUM", "double", empty=0),
    Field("TAX_RATE", "double"),
    Field("TAX_INCLUDED", "char", empty="Y"),
    Field("MEASURE_CODE", "integer", empty=796),
    Field("MEASURE_NAME", "string", empty="шт"),
    Field("SORT", "integer", empty=10),
    Field("TYPE", "integer", empty=1),
)


def _row_owners(row: Values) -> list[Owner]:
    return [(php.integer(row["OWNER_TYPE_ID"]), php.integer(row["OWNER_ID"]))]


def _row_moved(row: Values, _old: Owner, new: Owner) -> None:
    row["OWNER_TYPE_ID"], row["OWNER_ID"] = new


def _untouched(*_: Any) -> None:
    """Rows are replaced all together; nothing follows from one of them."""


ROWS = Entity(
    "productrow",
    0,
    "",
    _ROW,
    _untouched,
    _untouched,
    modified="",
    modified_by="",
    owner="OWNER_ID",
    owners=_row_owners,
    moved=_row_moved,
)


def row_of(given: Values, owner: Owner, at: int) -> Values:
    """A row as it is kept, from what a client sent under upper-case names."""
    price = float(php.number(given.get("PRICE")))
    rate = float(php.number(given.get("DISCOUNT_RATE")))
    discount = float(php.number(given.get("DISCOUNT_SUM")))
    if rate and not discount and rate < 100:
        discount = price / (1 - rate / 100) - price
    quantity = given.get("QUANTITY")
    tax = given.get("TAX_RATE")
    return {
        "OWNER_ID": owner[1],
        "OWNER_TYPE_ID": owner[0],
        "PRODUCT_ID": php.integer(given.get("PRODUCT_ID")),
        "PRODUCT_NAME": php.text(given.get("PRODUCT_NAME")),
        "PRICE": plain(price),
        "PRICE_NETTO": plain(price + discount),
        "QUANTITY": 1 if php.is_empty(quantity) else plain(float(php.number(quantity))),
        "DISCOUNT_RATE": plain(rate),
        "DISCOUNT_SUM": plain(discount),
        "TAX_RATE": None if php.is_empty(tax) else plain(float(php.number(tax))),
        "TAX_INCLUDED": "Y" if php.text(given.get("TAX_INCLUDED") or "Y").upper() == "Y" else "N",
        "MEASURE_CODE": php.integer(given.get("MEASURE_CODE")) or 796,
        "MEASURE_NAME": php.text(given.get("MEASURE_NAME")) or "шт",
        "SORT": php.integer(given.get("SORT")) or 10 * (at + 1),
        "TYPE": php.integer(given.get("TYPE")) or 1,
    }


def plain(number: float) -> float | int:
    """A number as JSON shows it: to the cent, whole ones without a point."""
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded
