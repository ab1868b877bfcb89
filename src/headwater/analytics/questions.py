"""What a caller asks of records, checked word by word: fields, filters, order, the place to go on from."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from headwater.core import bookmark
from headwater.core.errors import HeadwaterError
from headwater.core.model import Kind
from headwater.core.words import singular
from headwater.warehouse.listings import LISTINGS, Column, Listing
from headwater.warehouse.records import CONNECTION, Condition, Place, Question

__all__ = [
    "LISTINGS",
    "MOST_VALUES",
    "Misasked",
    "Question",
    "following",
    "listing_of",
    "place_of",
    "question",
]

MOST_VALUES = 100
"""Values that one `in` may name."""

ITEMS = re.compile(r"items_([a-z0-9]{1,40})")
CALLED = {"manager": "users", "managers": "users"}
LONGEST = 1000
DIGITS = 40
BIGGEST = 2**63
FORMS = {
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number like 1200.50",
    Kind.MOMENT: "a time with its zone like 2026-11-26T12:00:00Z (write + as %2B), or a day like 2026-11-26",
    Kind.FLAG: "true or false",
    Kind.TEXT: f"text of at most {LONGEST} characters",
}


HELP = "GET /api/v1/records lists every field, its operators and the orders."


class Misasked(HeadwaterError):
    """A question that cannot be answered as it is; `where` names the part that is wrong, `help` says what to
    do."""

    def __init__(self, where: str, message: str, *, help: str = HELP) -> None:  # noqa: A002 (the word of doors)
        super().__init__(message)
        self.where = where
        self.help = help


class Named(NamedTuple):
    """A listing, and the smart process whose items alone are meant."""

    listing: str
    process: str | None = None


def listing_of(word: str) -> Named | None:
    """The listing of that name, in singular or plural, or `items_177`; None when there is none."""
    wanted = word.strip().lower()
    if found := ITEMS.fullmatch(wanted):
        return Named("items", found[1])
    wanted = CALLED.get(wanted, wanted)
    return next((Named(name) for name in LISTINGS if wanted in (name, singular(name))), None)


def question(
    listing: str,
    filters: Iterable[tuple[str, str]],
    *,
    fields: str | None = None,
    order: str | None = None,
    connection: int | None = None,
) -> Question:
    """The question that these words ask. A filter is a field, or a field, a point and an operator, with its
    value; a field alone that comes several times means any of these values. Raises Misasked."""
    about = LISTINGS[listing]
    sort = order or about.order
    descending = sort.startswith("-")
    name = sort.removeprefix("-")
    if name not in about.sorts:
        raise Misasked(
            "order", f"{listing} come in the order of {', '.join(about.sorts)}; with - from the end"
        )
    conditions = _conditions(listing, about, filters)
    return Question(listing, conditions, _fields(listing, about, fields), name, descending, connection)


def _fields(listing: str, about: Listing, words: str | None) -> Sequence[str]:
    if words is None:
        return tuple(about.columns)
    wanted = dict.fromkeys(word.strip() for word in words.split(","))
    for word in wanted:
        if word != CONNECTION and word not in about.columns:
            raise Misasked(
                "fields", f"{listing} have no field {word!r}; there are: {', '.join(about.columns)}"
            )
    return tuple(word for word in wanted if word != CONNECTION)


def _conditions(listing: str, about: Listing, filters: Iterable[tuple[str, str]]) -> Sequence[Condition]:
    same: dict[str, list[Any]] = {}
    found = []
    for word, text in filters:
        field, point, operator = word.partition(".")
        column = _column(listing, about, word, field)
        operator = operator if point else "eq"
        if operator not in column.operators:
            raise Misasked(word, f"{field} is compared by {', '.join(column.operators)}, not by {operator!r}")
        if operator == "eq":
            same.setdefault(field, []).append(_value(column.kind, text, word))
        elif operator == "null":
            found.append(Condition(field, operator, _value(Kind.FLAG, text, word)))
        elif operator == "in":
            same.setdefault(field, []).extend(_value(column.kind, one, word) for one in text.split(","))
        else:
            kind = Kind.TEXT if operator == "contains" else column.kind
            found.append(Condition(field, operator, _value(kind, text, word)))
    for field, values in same.items():
        if len(values) > MOST_VALUES:
            raise Misasked(field, f"{field} may be any of at most {MOST_VALUES} values, not of {len(values)}")
        alone = len(values) == 1
        found.append(Condition(field, "eq" if alone else "in", values[0] if alone else values))
    return tuple(found)


def _column(listing: str, about: Listing, word: str, field: str) -> Column:
    asked = [name for name, column in about.columns.items() if column.operators]
    if field not in asked:
        raise Misasked(word, f"{listing} are not filtered by {field!r}; they are by: {', '.join(asked)}")
    return about.columns[field]


def _value(kind: Kind, text: str, where: str) -> Any:
    """A value in the type of its kind."""
    try:
        return _parsed(kind, text)
    except (ValueError, InvalidOperation) as exc:
        raise Misasked(where, f"{text[:100]!r} is not {FORMS[kind]}") from exc


def _parsed(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.FLAG:
            return {"true": True, "false": False}[text] if text in ("true", "false") else _no()
        case Kind.INTEGER:
            number = int(text) if text.isascii() and len(text) <= 20 and "_" not in text else _no()
            return number if -BIGGEST <= number < BIGGEST else _no()
        case Kind.NUMBER:
            exact = Decimal(text) if text.isascii() and len(text) <= DIGITS and "_" not in text else _no()
            return exact if exact.is_finite() and abs(exact.adjusted()) <= DIGITS else _no()
        case Kind.MOMENT:
            return _moment(text)
        case _:
            return text if len(text) <= LONGEST and "\0" not in text else _no()


def _moment(text: str) -> datetime:
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo is not None else _no()


def _no() -> Any:
    raise ValueError


def following(asked: Question, place: Place) -> str:
    """A place as text, for the reader to bring back with the same question."""
    return bookmark.written(_mark(asked), place.value, place.connection, *place.key)


def place_of(asked: Question, text: str) -> Place:
    """The place that `following` wrote; whoever wrote another one learns nothing by it. Raises Misasked."""
    try:
        mark, value, connection, *key = bookmark.read(text)
        if mark == _mark(asked):
            return _placed(asked, value, connection, key)
    except (ValueError, TypeError, KeyError, InvalidOperation) as exc:
        raise Misasked(
            "after", "this is no place in a list: take `next` of the last answer as it is"
        ) from exc
    raise Misasked(
        "after",
        "this place belongs to another question: go on with the same filters and order, or without `after`",
    )


def _placed(asked: Question, value: Any, connection: Any, key: Sequence[Any]) -> Place:
    about = asked.about
    kinds = {column.name: column.kind for column in about.columns.values()}
    if value is not None:
        value = _no() if asked.order == "id" else _again(about.columns[asked.order].kind, value)
    ids = [_again(kinds[name], one) for name, one in zip(about.key, key, strict=True)]
    return Place(value, _again(Kind.INTEGER, connection), ids)


def _again(kind: Kind, value: Any) -> Any:
    """A value as `following` wrote it: numbers as they are, everything else as text."""
    if kind is Kind.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return _parsed(kind, str(value))
    return _parsed(kind, value) if isinstance(value, str) else _no()


def _mark(asked: Question) -> str:
    """Tells questions apart whose orders or rows differ."""
    said = [
        asked.listing,
        asked.order,
        asked.descending,
        asked.connection,
        sorted(map(repr, asked.conditions)),
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]
