"""Sets of rows that Bitrix24 tells only when asked for their records: contacts, products, comments."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from headwater.core.errors import Unfit
from headwater.core.model import Kind, Row, Text, Values
from headwater.sources.bitrix24.decode import plain
from headwater.sources.bitrix24.family import Child, Family, Params, items

PAGE = 50
PRODUCT = {
    "product_id": ("productId", Kind.TEXT),
    "name": ("productName", Kind.TEXT),
    "quantity": ("quantity", Kind.NUMBER),
    "price": ("price", Kind.NUMBER),
    "discount": ("discountSum", Kind.NUMBER),
    "discount_percent": ("discountRate", Kind.NUMBER),
    "tax_percent": ("taxRate", Kind.NUMBER),
    "tax_included": ("taxIncluded", Kind.FLAG),
    "unit": ("measureName", Kind.TEXT),
}
COMMENT = {
    "comment_id": ("ID", Kind.TEXT),
    "author_id": ("AUTHOR_ID", Kind.TEXT),
    "body": ("COMMENT", Kind.TEXT),
    "created_at": ("CREATED", Kind.MOMENT),
}


def _named(key: str) -> Any:
    def asked(ids: Sequence[str]) -> Params:
        return [(f"filter[{key}][]", id) for id in ids]

    return asked


def _links(type_id: int, field: str) -> Child:
    """The others a record is bound to: one row a record, which holds them all."""

    def take(rows: Sequence[Row]) -> Sequence[Values]:
        ids = rows[-1].get(field)
        return [{"to_id": str(one)} for one in ids if one] if isinstance(ids, list) else []

    family = items(type_id)
    return Child(
        Family(family.list, id=family.id, rows=family.rows, fixed=[*family.fixed, ("select[]", "id"),
               ("select[]", field)]),
        PAGE, _named("@id"), lambda row: row.get("id"), take, paged=False,
    )  # fmt: skip


def _values(row: Row, wanted: Mapping[str, tuple[str, Kind]]) -> dict[str, Text]:
    """Columns from the keys of a row. What does not fit is nothing there, and kept in `raw`."""
    found: dict[str, Text] = {}
    aside: dict[str, Any] = {}
    for column, (key, kind) in wanted.items():
        try:
            found[column] = plain(kind)(row.get(key))
        except Unfit:
            found[column], aside[key] = None, row[key]
    found["raw"] = orjson.dumps(aside, default=str).decode() if aside else None
    return found


def _sorted(row: Row) -> tuple[int, int]:
    return (row["sort"] if isinstance(row.get("sort"), int) else 0, int(row["id"]))


def _product_rows(rows: Sequence[Row]) -> Sequence[Values]:
    """Product rows in the order people see; their ids change with every save and say nothing."""
    found = [_values(row, PRODUCT) for row in sorted(rows, key=_sorted)]
    for one in found:
        if one["product_id"] == "0":
            one["product_id"] = None  # a row of free text
    return found


def _comment_rows(rows: Sequence[Row]) -> Sequence[Values]:
    return [_values(row, COMMENT) | {"files": _files(row.get("FILES"))} for row in rows]


def _files(raw: Any) -> Text:
    """What is attached, without the addresses that open it."""
    found = list(raw.values()) if isinstance(raw, Mapping) else raw if isinstance(raw, list) else []
    kept = [
        {key: one[key] for key in ("id", "name", "size", "type") if key in one}
        for one in found
        if isinstance(one, Mapping)
    ]
    return orjson.dumps(kept).decode() if kept else None


def _comments(kind: str) -> Child:
    def asked(ids: Sequence[str]) -> Params:
        return [("filter[ENTITY_TYPE]", kind), ("filter[ENTITY_ID]", ids[0])]

    family = Family("crm.timeline.comment.list")
    return Child(family, 1, asked, lambda row: row.get("ENTITY_ID"), _comment_rows)


def _products(owner: str) -> Child:
    family = Family(
        "crm.item.productrow.list", id="id", rows="productRows", fixed=[("filter[=ownerType]", owner)]
    )
    return Child(
        family, PAGE, _named("=ownerId"), lambda row: row.get("ownerId"), _product_rows, doubted=True
    )


CHILDREN: Mapping[str, Child] = {
    "deal_contacts": _links(2, "contactIds"),
    "lead_contacts": _links(1, "contactIds"),
    "contact_companies": _links(3, "companyIds"),
    "deal_products": _products("D"),
    "lead_comments": _comments("lead"),
    "deal_comments": _comments("deal"),
    "contact_comments": _comments("contact"),
    "company_comments": _comments("company"),
}
"""By the slug of a set."""
