"""Which rows are counted: a filter's field and its values, looked up among what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from headwater.analytics.catalog import RECORD_BOOKS, TIMES, Catalog
from headwater.analytics.configs import Filter
from headwater.analytics.countable import Amount, Dimension
from headwater.analytics.lookup import Lookup, Repair, plain
from headwater.analytics.questions import Misasked
from headwater.analytics.vocabulary import Name
from headwater.core.said import Said

SPOKEN = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}
EMPTY, FILLED = Said("empty", "пусто", "bo‘sh"), Said("not empty", "не пусто", "bo‘sh emas")
CONTAINS = Said("contains", "содержит", "ichida bor")
LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter: a dimension with what it may be, an amount or a time compared with a value.

    `operator` is `in` or `out` of several, `contains`, `null`, or one of those that compare. `ids` are pairs
    of connection and id. `doubts` are words that are to be looked up among records, or in the rows
    themselves, with what is said of those that are not there; `absent` are values that no row has, `repairs`
    those that were taken for others. `said` is the filter as people read it.
    """

    title: Said
    operator: str
    values: Sequence[Any]
    said: Said
    dimension: Dimension | None = None
    amount: Amount | None = None
    clock: str | None = None
    ids: Sequence[tuple[int, str]] | None = None
    doubts: Mapping[str, Misasked] = field(default_factory=dict)
    absent: Sequence[str] = ()
    repairs: Sequence[Repair] = ()

    @property
    def free(self) -> bool:
        """Whether it names values that no book has."""
        listed = self.dimension is None or self.ids is not None or self.dimension.values
        return not listed and self.operator in ("in", "out")


def chosen(where: str, filter_: Filter, catalog: Catalog, lookup: Lookup) -> Chosen:
    """What a filter means. Raises Misasked."""
    titles = {**catalog.titles_of_amounts, **catalog.titles_of_times, **catalog.titles_of_dimensions}
    slug = lookup.found(f"{where}.field", filter_.field, titles)
    values = filter_.value if isinstance(filter_.value, list) else [filter_.value]
    dimension = catalog.dimensions.get(slug)
    amount = catalog.amounts.get(slug) if dimension is None else None
    clock = slug if dimension is None and amount is None else None
    if filter_.operator == "null":
        if not isinstance(filter_.value, bool | None):
            raise Misasked(f"{where}.value", "whether it is null is true or false")
        wanted = filter_.value is not False
        title = dimension.title if dimension else amount.title if amount else TIMES[slug]
        said = EMPTY if wanted else FILLED
        return Chosen(title, "null", [wanted], said, dimension, amount, clock)
    if not values or any(value is None for value in values):
        raise Misasked(f"{where}.value", f"{slug} is compared with a value; for none there is `null`")
    sized = slug in catalog.amounts and (amount_like(filter_) or _same_number(filter_))
    if dimension is not None and not sized:
        return _among(where, filter_, dimension, values, catalog, lookup)
    return _compared(where, filter_, slug, catalog.amounts.get(slug), values)


def amount_like(filter_: Filter) -> bool:
    """Whether a filter compares by size."""
    return filter_.operator in ("lt", "lte", "gt", "gte")


def _same_number(filter_: Filter) -> bool:
    """Whether a filter asks for one number: 5 is also 5.0."""
    one = filter_.value
    if filter_.operator not in ("eq", "ne") or isinstance(one, bool | list):
        return False
    return _decimal(one).is_finite()


def _among(
    where: str,
    filter_: Filter,
    dimension: Dimension,
    values: Sequence[Any],
    catalog: Catalog,
    lookup: Lookup,
) -> Chosen:
    """One of the values of a dimension, or none of them, or what contains a text."""
    if amount_like(filter_):
        remedy = "compare it by eq, ne, in, contains, null"
        raise Misasked(f"{where}.operator", f"{dimension.name} is one of several values: {remedy}")
    texts = [_text(value) for value in values]
    if filter_.operator == "contains":
        if len(texts) != 1 or not texts[0].strip():
            raise Misasked(f"{where}.value", "name the one text that is looked for")
        return _containing(where, dimension, texts[0], catalog)
    way, mark = ("out", "≠") if filter_.operator == "ne" else ("in", "=")
    if dimension.values:
        keys = {said.en: key for key, said in dimension.values.items()}
        words = {said.en: (key or "null", *said) for key, said in dimension.values.items()}
        found = [lookup.found(f"{where}.value", text, words) for text in texts]
        chosen_ = [keys[one] for one in found]
        spoken = zip(*(dimension.values[key] for key in chosen_), strict=True)
        said = Said(*(f"{mark} {', '.join(words)}" for words in spoken))
        return Chosen(dimension.title, way, chosen_, said, dimension)
    said = _plainly(f"{mark} {', '.join(texts)}")
    if dimension.book is not None and dimension.book[0] in RECORD_BOOKS:
        doubts = {text: _unknown(where, dimension, text) for text in texts}
        return Chosen(dimension.title, way, [], said, dimension, ids=[], doubts=doubts)
    names = catalog.known.of(dimension.book) if dimension.book else {}
    if not names:
        return Chosen(dimension.title, way, texts, said, dimension)
    ids: list[tuple[int, str]] = []
    labels: list[str] = []
    doubts = {}
    for text in texts:
        try:
            those = _named(f"{where}.value", text, dimension, names, lookup)
        except Misasked as doubt:
            doubts[text], those = doubt, []
        ids += those
        labels += dict.fromkeys(names[one].label for one in those) if those else [text]
    said = _plainly(f"{mark} {', '.join(labels)}")
    return Chosen(dimension.title, way, [], said, dimension, ids=ids, doubts=doubts)


def _unknown(where: str, dimension: Dimension, text: str) -> Misasked:
    return Misasked(f"{where}.value", f"{text[:100]!r} is no {dimension.title.en.lower()} we know of")


def _named(
    where: str, text: str, dimension: Dimension, names: Mapping[tuple[int, str], Name], lookup: Lookup
) -> list[tuple[int, str]]:
    """The ids that are called so, in all connections; an id itself goes before a name, and a name as it is
    written before one that is written much alike."""
    wanted = plain(text)
    exact = (
        [key for key in names if key[1] == text]
        or [key for key, name in names.items() if name.label == text]
        or [key for key, name in names.items() if plain(name.label) == wanted]
    )
    if exact:
        return exact
    words: dict[str, Sequence[str]] = {name.label: () for name in names.values()}
    if dimension.book == ("connections",):
        words |= {name.label: name.kind.split() for name in names.values()}
    label = lookup.found(where, text, words, partly=True)
    return [key for key, name in names.items() if name.label == label]


def _containing(where: str, dimension: Dimension, text: str, catalog: Catalog) -> Chosen:
    said = Said(*(f"{word} “{text}”" for word in CONTAINS))
    names = catalog.known.of(dimension.book) if dimension.book else {}
    if names:
        ids = [key for key, name in names.items() if text.casefold() in name.label.casefold()]
        return Chosen(dimension.title, "in", [], said, dimension, ids=ids)
    if dimension.values or (dimension.book is not None and dimension.book[0] in RECORD_BOOKS):
        raise Misasked(
            f"{where}.operator", f"{dimension.name} is not searched by parts of its text: name it whole"
        )
    return Chosen(dimension.title, "contains", [text], said, dimension)


def _compared(where: str, filter_: Filter, slug: str, amount: Amount | None, values: Sequence[Any]) -> Chosen:
    """An amount or a time beside a value."""
    if filter_.operator in ("in", "contains") or len(values) != 1:
        raise Misasked(f"{where}.operator", f"{slug} is compared by eq, ne, lt, lte, gt, gte, null")
    mark = SPOKEN[filter_.operator]
    if amount is not None:
        number = _number(f"{where}.value", values[0])
        said = _plainly(f"{mark} {number}")
        return Chosen(amount.title, filter_.operator, [number], said, amount=amount)
    day = _day(f"{where}.value", values[0])
    return Chosen(TIMES[slug], filter_.operator, [day], _plainly(f"{mark} {day}"), clock=slug)


def _plainly(text: str) -> Said:
    """What is the same in every language."""
    return Said(text, text, text)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(where: str, value: Any) -> Decimal:
    number = _decimal(value)
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
        raise Misasked(where, f"{str(value)[:50]!r} is not a number like 1200.50")
    return number


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value).replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return Decimal("NaN")


def _day(where: str, value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as exc:
        raise Misasked(where, f"{str(value)[:50]!r} is not a day like 2026-11-26") from exc
