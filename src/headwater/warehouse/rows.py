"""Records become rows: typed and normalised, with whatever did not fit kept aside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from headwater.core.errors import SkipRecord, Unfit
from headwater.core.model import Kind, Row, Text, Values
from headwater.warehouse import crm
from headwater.warehouse.columns import Column
from headwater.warehouse.copytext import NULL, clean, clean_json, escaped, in_json, is_clean, json_text, line
from headwater.warehouse.shape import INLINE, Shape

WIDTHS = MappingProxyType({Kind.FLAG: 1, Kind.DATE: 8, Kind.INTEGER: 16, Kind.MOMENT: 16, Kind.JSON: INLINE})
"""What a value takes inline at the most, with what aligns it; of other kinds it depends on the value."""
EMPTY_CELL = f"\t{NULL}"
NOTHING: Sequence[Any] = (None, "", [], {})
"""What an unknown key may hold without holding anything."""


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


def _object(items: Mapping[str, Any]) -> str:
    return orjson.dumps(items).decode()
