"""Records become rows: typed and normalised, with whatever did not fit kept aside."""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from headwater.core.errors import SkipRecord, Unfit
from headwater.core.model import (
    Decoder,
    EntitySpec,
    Field,
    Kind,
    PrivacyMode,
    Row,
    SetSpec,
    Text,
    Values,
)
from headwater.warehouse import crm
from headwater.warehouse.columns import Column
from headwater.warehouse.places import table_of

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
ROW_BYTES = 7000  # of 8,160: what a row may take inline before its last fields move to _more
INLINE = 24  # a longer value is stored elsewhere by PostgreSQL and leaves a pointer
WIDTHS = MappingProxyType({Kind.FLAG: 1, Kind.DATE: 8, Kind.INTEGER: 16, Kind.MOMENT: 16, Kind.JSON: INLINE})
"""What a value takes inline at the most, with what aligns it; of other kinds it depends on the value."""
NULL = "\\N"
EMPTY_CELL = f"\t{NULL}"
NOTHING: Sequence[Any] = (None, "", [], {})
"""What an unknown key may hold without holding anything."""


@dataclass(frozen=True)
class Shape:
    """All that is needed to turn records of one entity of one connection into rows."""

    source: str
    key_column: str
    spec: EntitySpec
    schema: str
    fields: Sequence[Field]
    columns: Sequence[Column]
    decode: Mapping[str, Decoder]
    id_of: Callable[[Row], str]
    currency: str | None = None
    """The account's base currency: that of amounts without one."""
    mode: PrivacyMode = PrivacyMode.FULL
    kept_from: int = 0
    """Rows with a lower read number were stored when less was kept: see `known_then`."""

    @cached_property
    def table(self) -> str:
        return f"crm_{self.spec.slug}"

    @cached_property
    def cells(self) -> Sequence[Column]:
        """The live columns that are real, in the order of a row's cells."""
        return [c for c in self.columns if c.real and c.live]

    @cached_property
    def places(self) -> Sequence[str]:
        """The names of the fields behind the cells."""
        return [column.field for column in self.cells]

    @cached_property
    def aside(self) -> Sequence[Column]:
        """The live columns that are keys of `_more`."""
        return [c for c in self.columns if c.live and not c.real]

    @cached_property
    def signatures(self) -> Sequence[bytes]:
        """By how many cells a line has: tells lines apart that look the same and go into other columns."""
        salt = max((column.typed_from for column in self.columns if column.returned), default=0)
        digest = blake2b(str(salt).encode(), digest_size=16)
        found = [digest.digest()]
        for column in self.cells:
            digest.update(f"\0{column.name} {column.kind}".encode())
            found.append(digest.digest())
        return found

    @cached_property
    def inline(self) -> int:
        """What the live cells of a row may take; removed fields may still have values in their columns."""
        return ROW_BYTES - INLINE * sum(c.real and not c.live for c in self.columns)

    @cached_property
    def readers(self) -> Sequence[tuple[Field, str, Decoder]]:
        """The fields that have a place."""
        return [(one, one.key, self.decode[one.name]) for one in placed(self.spec, self.fields, self.columns)]

    @cached_property
    def kept(self) -> frozenset[str] | None:
        """The keys of a record that may be kept; None where all of them are."""
        return kept_keys(self.spec, self.fields, self.columns, self.mode)

    def cut(self, record: Any) -> Any:
        """A record, or whatever stands in the place of one, without what may not be kept."""
        if self.kept is None:
            return record
        return cut(record, self.kept) if isinstance(record, Mapping) else None

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The columns that may not hold anything."""
        return frozenset(column.name for column in self.columns if column.withheld)

    @cached_property
    def known_then(self) -> Sequence[str]:
        """Columns that rows from before `kept_from` have filled as well: what else is in a row now was not
        changed, but is seen for the first time."""
        names = {one.name for one in self.fields if PrivacyMode.ANALYTICS.keeps(one.privacy)}
        return [column.name for column in self.columns if column.field in names]

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for _, key, _ in self.readers)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names under which values of known fields are looked for, in columns and in `_more`."""
        return frozenset(column.name for column in self.columns if column.live)

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return {field.name: field.kind for field in self.fields}

    @cached_property
    def custom(self) -> Sequence[tuple[str, str, Kind]]:
        """The custom fields: name, key in `custom_fields`, and kind."""
        return [(one.name, clean(one.column.lower()), one.kind) for one in self.fields if one.custom]

    @cached_property
    def place(self) -> crm.Table:
        """The normalised table."""
        return table_of(self.spec)

    @cached_property
    def takes(self) -> Sequence[Callable[[Values], Text]]:
        """How each column of the normalised table is filled, in its order."""
        kept = self.place.kept(self.mode)
        known = {entry.column: entry.take for entry in self.spec.normal if entry.column in kept}
        return [known.get(column, nothing) for column in self.place.columns]

    @cached_property
    def money(self) -> tuple[int, int] | None:
        """Where the normalised table has its amount and its currency, counted in columns."""
        amount, names = self.place.money, list(self.place.columns)
        return (names.index(amount), names.index("currency")) if amount else None

    @cached_property
    def within(self) -> Sequence[SetSpec]:
        """The sets that are read out of the record itself."""
        return [one for one in self.spec.sets if one.within is not None]

    @cached_property
    def ticking(self) -> frozenset[str]:
        """Columns that change without anybody changing the record; history leaves them out."""
        names = {field.name for field in self.fields if field.ticks}
        return frozenset(c.name for c in self.columns if c.field in names)


def placed(spec: EntitySpec, fields: Sequence[Field], columns: Sequence[Column]) -> list[Field]:
    """The fields that have a place: the id, and those with a column or a key of `_more`."""
    names = {column.field for column in columns if column.live} | {spec.id_field}
    return [one for one in fields if one.name in names]


def kept_keys(
    spec: EntitySpec, fields: Sequence[Field], columns: Sequence[Column], mode: PrivacyMode
) -> frozenset[str] | None:
    """The keys of records that a connection of this mode may keep; None for all of them.

    Keys that the source's metadata does not know have no class and are not among them.
    """
    if mode is PrivacyMode.FULL:
        return None
    known = placed(spec, fields, columns)
    withheld = {one.key for one in known if not mode.keeps(one.privacy)}
    return frozenset({spec.id_field, *(one.key for one in known)} - withheld)


def cut(record: Row, kept: Collection[str]) -> Row:
    """A record with these keys only."""
    return {key: value for key, value in record.items() if key in kept}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that is not in its column, and why. The value itself is kept in `_raw`."""

    field: str
    reason: str


class Made(NamedTuple):
    """One record as two lines of COPY text, without the closing columns `began` and `synced_at`.

    `record` is the source's, without what is not kept.
    `sets` are the rows of the sets within it, in the order of the shape's `within`.
    """

    id: str
    version: str
    typed: str
    normal: str
    misfits: Sequence[Misfit]
    record: Row
    sets: Sequence[Sequence[Values]] = ()


def make(shape: Shape, record: Row) -> Made:
    """The rows of one record. Raises SkipRecord when it has no usable id."""
    id = clean(shape.id_of(record))
    if not id:
        raise SkipRecord("the record has an empty id")
    record = shape.cut(record)
    values: dict[str, str] = {}
    raw: dict[str, Any] = {}
    misfits: list[Misfit] = []
    for field, key, decode in shape.readers:
        value = record.get(key)
        if value is None:
            continue
        try:
            text = decode(value)
        except Unfit as why:
            raw[key] = value
            misfits.append(Misfit(field.name, str(why)))
        else:
            if text is not None:
                values[field.name] = text
    if not is_clean("".join(values.values())):
        _mend(shape, record, values, raw, misfits)
    return _rows(shape, id, record, values, raw, misfits)


def _mend(
    shape: Shape, record: Row, values: dict[str, str], raw: dict[str, Any], misfits: list[Misfit]
) -> None:
    """Replaces what PostgreSQL cannot hold in `values`, and keeps the originals in `raw`."""
    for field, key, _ in shape.readers:
        if (text := values.get(field.name)) is None:
            continue
        cleaned = clean_json(text) if field.kind is Kind.JSON else clean(text)
        if cleaned is not text:
            values[field.name] = cleaned
            raw[key] = record[key]
            misfits.append(
                Misfit(field.name, "it has characters that PostgreSQL cannot hold; they were replaced")
            )


def _rows(
    shape: Shape, id: str, record: Row, values: Values, raw: dict[str, Any], misfits: list[Misfit]
) -> Made:
    cells = list(map(values.get, shape.places))
    more = {
        column.name: in_json(text, column.kind)
        for column in shape.aside
        if (text := values.get(column.field)) is not None
    }
    if not record.keys() <= shape.keys:
        for key in sorted(record.keys() - shape.keys):
            if record[key] not in NOTHING:
                more[_free_key(key, shape, more)] = orjson.Fragment(json_text(record[key]))
    _slim(shape, cells, more)

    last = len(cells)
    while last and cells[last - 1] is None:
        last -= 1
    filled = line([id, *cells[:last]])
    aside = f"\t{escaped(_object(more))}" if more else EMPTY_CELL
    aside += f"\t{escaped(json_text(raw))}" if raw else EMPTY_CELL
    typed = f"{filled}{EMPTY_CELL * (len(cells) - last)}{aside}"
    normal = _normal(shape, id, values, misfits)
    # Empty cells at the end do not count, so that a new column alone makes no record another one.
    content = f"{filled}{aside}\n{normal}"
    version = blake2b(content.encode(), digest_size=16, key=shape.signatures[last]).hexdigest()
    sets = [one.within(values) for one in shape.within if one.within]
    if shape.kept is not None:
        tables = [crm.SETS[one.table] for one in shape.within]
        sets = [table.cut(rows, shape.mode) for table, rows in zip(tables, sets, strict=True)]
    return Made(id, version, typed, normal, misfits, record, sets)


def _free_key(key: str, shape: Shape, taken: Collection[str]) -> str:
    """Where `_more` keeps what the source's metadata does not know: never in a known field's place."""
    name = more_key(key)
    while name in shape.names or name in taken:
        name += "_"
    return name


def more_key(key: str) -> str:
    """The key of `_more` that an unknown key of a record becomes."""
    return clean(key).lower()


def _slim(shape: Shape, cells: list[Text], more: dict[str, Any]) -> None:
    """Moves the last fields of an overfull row to `_more`: PostgreSQL refuses rows over 8,160 bytes."""
    if len(cells) * INLINE < shape.inline:
        return
    size = sum(
        _width(text, column) for text, column in zip(cells, shape.cells, strict=True) if text is not None
    )
    for at in range(len(cells) - 1, -1, -1):
        if size <= shape.inline:
            return
        text, column = cells[at], shape.cells[at]
        if text is not None:
            more[column.name] = in_json(text, column.kind)
            size -= _width(text, column)
            cells[at] = None


def _width(text: str, column: Column) -> int:
    return WIDTHS.get(column.kind) or min(len(text.encode()) + 5, INLINE)


def _normal(shape: Shape, id: str, values: Values, misfits: list[Misfit]) -> str:
    cells = [id, *[take(values) for take in shape.takes]]
    if shape.money:
        amount, currency = shape.money
        rounded = False
        if (exact := cells[1 + amount]) is not None:
            cells[1 + amount], rounded = crm.cents(exact)
            if cells[1 + amount] is None:
                reason = "more than 16 digits before the point; the typed column keeps it"
                misfits.append(Misfit(shape.place.money or "", reason))
        if cells[1 + currency] is None:
            cells[1 + currency] = shape.currency
        cells.append("t" if rounded else "f")
    custom = {
        key: in_json(text, kind) for name, key, kind in shape.custom if (text := values.get(name)) is not None
    }
    return line([*cells, _object(custom)])


def nothing(values: Values) -> Text:  # noqa: ARG001 (what fills a column, of any record)
    """Fills a column that the source knows nothing of."""
    return None


def line(cells: Sequence[Text]) -> str:
    """A row as COPY's text format wants it."""
    joined = "\t".join([NULL if text is None else text for text in cells])
    if (
        joined.count("\\") == cells.count(None)
        and joined.count("\t") == len(cells) - 1
        and "\n" not in joined
        and "\r" not in joined
    ):
        return joined  # nothing in it wants to be escaped, which is one look instead of one a cell
    return "\t".join(map(cell, cells))


def cell(text: Text) -> str:
    """One value as COPY's text format wants it."""
    return NULL if text is None else escaped(text)


def escaped(text: str) -> str:
    """`text` as COPY's text format wants it."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(ESCAPES)
    return text


def is_clean(text: str) -> bool:
    """Whether nothing in texts that were joined to this one, JSON texts among them, may want `clean` or
    `clean_json`. A false alarm is possible: the two characters that begin an escape may be just that."""
    return "\0" not in text and "\\u" not in text and (text.isascii() or clean(text) is text)


def clean(text: str) -> str:
    """`text` itself when PostgreSQL can hold it, otherwise a copy with U+FFFD for what it cannot."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(text: str) -> str:
    """The same for a JSON text, where such characters hide behind escapes."""
    if "\\u0000" in text or "\\ud" in text.lower():
        return json_text(json.loads(text))
    return clean(text)


def in_json(text: str, kind: Kind) -> Any:
    """A value in its text form, as a part of what orjson writes."""
    if kind is Kind.TEXT or kind is Kind.MOMENT or kind is Kind.DATE:
        return text
    if kind is Kind.INTEGER:
        text = str(int(text))
    elif kind is Kind.NUMBER:
        text = format(Decimal(text), "f")
    return orjson.Fragment(text)


def json_text(value: Any) -> str:
    """Any raw value as JSON that PostgreSQL can hold; text it cannot is kept as {"$utf16": hex}."""
    return orjson.dumps(_keepable(value), default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _keepable(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value if clean(value) is value else {"$utf16": value.encode("utf-16-be", "surrogatepass").hex()}
        )
    if isinstance(value, dict):
        return {clean(str(key)): _keepable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_keepable(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def restored(value: Any) -> Any:
    """A raw value back from the form that `json_text` gave it."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(hidden := value.get("$utf16"), str):
            with suppress(ValueError):  # a source may have such a map of its own
                return bytes.fromhex(hidden).decode("utf-16-be", "surrogatepass")
        return {key: restored(item) for key, item in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value


def _object(items: Mapping[str, Any]) -> str:
    return orjson.dumps(items).decode()
