"""What a replica has to hold, as the portal's own tables and books say it: records, sets, lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from headwater.core.model import Row
from headwater.sandbox.bitrix24 import Portal
from headwater.sandbox.bitrix24.books import Person
from headwater.sandbox.bitrix24.calls import Call, Caller
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.links import bound
from headwater.sandbox.bitrix24.methods import METHODS
from headwater.testing.histories.casts import TABLES
from headwater.testing.histories.oddities import heard

Set = tuple[tuple[Any, ...], ...]
"""The rows of a set, each with its values in one form."""

KINDS = {1: "leads", 2: "deals", 3: "contacts", 4: "companies"}
PRODUCT = (
    "product_id", "name", "quantity", "price", "discount", "discount_percent", "tax_percent", "tax_included",
    "unit",
)  # fmt: skip
COMMENT = ("comment_id", "author_id", "body", "created_at")
SEMANTICS = {"S": "won", "F": "lost"}


def asked(portal: Portal, method: str, **params: Any) -> Any:
    """What a method of the portal answers its director, whatever disturbs others."""
    scopes = ("crm", "user", "department", "telephony")
    director = Caller("", "", Person(1, "Director", admin=True), scopes)
    return METHODS[method].run(Call(portal, director, params)).result


def records(portal: Portal, slug: str) -> Iterator[Row]:
    """Every record of an entity as a reader of the portal's answers has to understand it."""
    if not TABLES[slug]:
        for row in (row for start in range(0, 500, 50) for row in asked(portal, "user.get", start=start)):
            yield {
                name: value for name, value in row.items() if name not in ("IS_ONLINE", "LAST_ACTIVITY_DATE")
            }
        return
    for record in portal.truth(TABLES[slug], listed=True):
        yield heard(slug, record)


def sets(portal: Portal, slug: str, entity: str) -> dict[str, Set]:
    """The sets of one kind, by the ids of the entity's records."""
    table = portal.tables[TABLES[entity]]
    held = [(str(id), table.record(id, values)) for id, values in portal.store.all(table)]
    if slug == "activity_links":
        return {id: _owners(table, record) for id, record in held}
    if slug == "deal_products":
        return _grouped(held, _products(portal))
    if slug.endswith("_comments"):
        return _grouped(held, _comments(portal, TABLES[entity]))
    [(kept, first)] = table.entity.links.items()
    return {id: tuple((str(one),) for one, _ in bound(record, kept, first)) for id, record in held}


def plain(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values of a row in one form, whichever side they come from."""
    return tuple(_plain(value) for value in values)


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    return Decimal(str(value)).normalize() if isinstance(value, int | float | Decimal) else str(value)


def _grouped(
    held: Iterable[tuple[str, Values]], rows: Iterable[tuple[str, tuple[Any, ...]]]
) -> dict[str, Set]:
    found: dict[str, Set] = {id: () for id, _ in held}
    for owner, row in rows:
        if owner in found:
            found[owner] += (row,)
    return found


def _owners(table: Table, record: Values) -> Set:
    assert table.entity.owners is not None
    kinds = [
        (KINDS.get(int(kind)) or f"items_{kind}", str(id)) for kind, id in table.entity.owners(record) if kind
    ]
    return tuple((kind, id) for kind, id in kinds if id != "0")


def _products(portal: Portal) -> Iterator[tuple[str, tuple[Any, ...]]]:
    table = portal.tables["productrow"]
    rows = [table.record(*one) for one in portal.store.all(table)]
    for row in sorted(rows, key=lambda row: (row["SORT"], int(row["ID"]))):
        if row["OWNER_TYPE_ID"] == 2:
            yield str(row["OWNER_ID"]), plain((
                str(row["PRODUCT_ID"]) if row["PRODUCT_ID"] else None, row["PRODUCT_NAME"] or None,
                row["QUANTITY"], row["PRICE"], row["DISCOUNT_SUM"], row["DISCOUNT_RATE"], row["TAX_RATE"],
                row["TAX_INCLUDED"] == "Y", row["MEASURE_NAME"],
            ))  # fmt: skip


def _comments(portal: Portal, kind: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    table = portal.tables["comment"]
    for one in portal.store.all(table):
        row = table.record(*one)
        if row["ENTITY_TYPE"] == kind:
            body = str(row["COMMENT"] or "").replace("\0", "\N{REPLACEMENT CHARACTER}")
            yield (
                str(row["ENTITY_ID"]),
                (*plain((row["ID"], row["AUTHOR_ID"], body or None)), moment(row["CREATED"])),
            )


def moment(text: str) -> datetime:
    """A time as an instant."""
    return datetime.fromisoformat(text)


def lists(portal: Portal, entities: Sequence[str]) -> dict[str, set[tuple[Any, ...]]]:
    """The small lists: what is in each of them now. Labels are those of `entities`."""
    books = portal.books
    processes = {f"items_{one.type_id}": one for one in books.processes}
    funnels = {"deals": books.pipelines, **{slug: one.pipelines for slug, one in processes.items()}}
    return {
        "stages": {
            (slug, pipeline, one.code, one.name, one.sort, SEMANTICS.get(one.semantics or "", "open"))
            for slug, pipeline, book in [
                ("leads", "", "STATUS"),
                *((slug, str(one.id), one.book) for slug, mine in funnels.items() for one in mine),
            ]
            for one in books.entries(book)
        },
        "pipelines": {
            (slug, str(one.id), one.name, one.sort, slug != "deals" or one.id == 0)
            for slug, pipelines in funnels.items()
            for one in pipelines
        },
        "currencies": {
            (one.code, one.name, one.base, (Decimal(one.amount) / one.count).normalize())
            for one in books.currencies
        },
        "departments": {
            (str(one.id), one.name, _id(one.parent), _id(one.head), one.sort) for one in books.departments
        },
        "labels": set(_labels(portal, entities)),
    }


def _id(number: int | None) -> str | None:
    return str(number) if number else None


def _labels(portal: Portal, entities: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for slug in entities:
        if slug.endswith("_history") or slug in ("users", "calls"):
            continue
        for field in portal.tables[TABLES[slug]].fields.values():
            options = field.custom.options if field.custom else []
            entries = portal.books.entries(field.status_type) if field.status_type else []
            told: Mapping[str, str] = {
                **{str(id): text for id, text in options}, **{one.code: one.name for one in entries}
            }  # fmt: skip
            for id, text in told.items():
                yield from ((slug, field.name.lower(), id, text, lang) for lang in ("", "ru"))
