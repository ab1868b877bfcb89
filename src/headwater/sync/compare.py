"""Whether the replica equals the source, field by field.

Values are compared by what they mean, not by running our decoders again: a decoder that is wrong shows up
here as a difference.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from headwater.core.model import EntitySpec, Field, Kind, Row
from headwater.warehouse.columns import Column
from headwater.warehouse.compared import Stored
from headwater.warehouse.copytext import restored

CHUNK = 1000
TRUE, FALSE = ("Y", "1", 1, True, "true"), ("N", "0", 0, False, "false")
EMPTY: tuple[Any, ...] = (None, "", [], {}, False)


@dataclass(slots=True)
class Comparison:
    """What a comparison found. `differences` names the first ones: id, field, in the source, stored."""

    compared: int = 0
    fields: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    differing: int = 0
    differences: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not (self.missing or self.extra or self.differing)


async def compare(
    truth: AsyncIterator[Row],
    stored: Stored,
    spec: EntitySpec,
    fields: Sequence[Field],
    columns: Sequence[Column],
    *,
    most: int = 20,
) -> Comparison:
    """Compares every record of `truth` with what is stored, both ways."""
    found = Comparison()
    place = {column.field: column for column in columns if column.live}
    seen: set[str] = set()
    chunk: list[Row] = []

    async def flush() -> None:
        rows = await stored.rows([str(record[spec.id_field]) for record in chunk])
        for record in chunk:
            _one(record, rows.get(str(record[spec.id_field])), spec, fields, place, found, most)
        chunk.clear()

    async for record in truth:
        seen.add(str(record[spec.id_field]))
        chunk.append(record)
        if len(chunk) == CHUNK:
            await flush()
    await flush()
    found.extra = sorted(await stored.ids() - seen)
    return found


def _one(
    record: Row,
    rows: tuple[str, str | None] | None,
    spec: EntitySpec,
    fields: Sequence[Field],
    place: Mapping[str, Column],
    found: Comparison,
    most: int,
) -> None:
    id = str(record[spec.id_field])
    if rows is None:
        found.missing.append(id)
        return
    differences = differences_of(record, rows, spec, fields, place)
    found.compared += 1
    found.fields += sum(one.name in place and one.name != spec.id_field for one in fields)
    found.differing += bool(differences)
    found.differences += [(id, *one) for one in differences[: max(0, most - len(found.differences))]]


def differences_of(
    record: Row,
    rows: tuple[str, str | None],
    spec: EntitySpec,
    fields: Sequence[Field],
    place: Mapping[str, Column],
) -> list[tuple[str, Any, Any]]:
    """Where the stored rows (typed and normalised, as JSON texts) do not mean what the record says:
    (field, in the source, stored). `place` are the live columns by field."""
    typed, normal = _load(rows[0]), _load(rows[1]) if rows[1] else {}
    differences: list[tuple[str, Any, Any]] = []
    more, raw = typed.get("_more") or {}, typed.get("_raw") or {}
    known = {spec.id_field}
    for one in fields:
        known.add(one.key)
        column = place.get(one.name)
        if column is None or one.name == spec.id_field:
            continue
        value = typed.get(column.name) if column.real else None
        value = more.get(column.name) if value is None else value
        given = record.get(one.key)
        if not (agrees(given, value, one) or (one.key in raw and kept(given, raw[one.key]))):
            differences.append((one.name, given, value))
    differences += [
        (key, record[key], more.get(key.lower()))
        for key in record.keys() - known
        if record[key] not in EMPTY and not _kept_under(key, record[key], more)
    ]
    if normal.get("version") != typed["_version"] or normal.get("began") != typed["_began"]:
        differences.append((f"crm_{spec.slug}.version", typed["_version"], normal.get("version")))
    return differences


def _kept_under(key: str, given: Any, more: Mapping[str, Any]) -> bool:
    """Whether `_more` holds the value of a key that no field has: under its own name in small letters, or
    where that is taken, with lines after it."""
    name = key.lower()
    return any(kept(given, more[one]) for one in more if one.rstrip("_") == name.rstrip("_"))


def _load(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return loaded


def agrees(given: Any, value: Any, field: Field) -> bool:
    """Whether a stored value (as PostgreSQL renders it in JSON) means what the source gave."""
    if field.type == "money" and not field.multiple:
        amount, _, currency = given.partition("|") if isinstance(given, str) else (given, "", "")
        given = currency if field.kind is Kind.TEXT else amount
    if value is None:
        return given in EMPTY or (given in ("0", 0) and field.kind is Kind.TEXT)
    try:
        if field.unknown and field.kind is Kind.TEXT and not isinstance(given, str):
            return bool(_plain(given) == _plain(json.loads(value)))
        return _same(_kept_of(given, field), value, field.kind)
    except (ValueError, TypeError, InvalidOperation):
        return False


def _kept_of(given: Any, field: Field) -> Any:
    """What is kept of a value: its maps without keys that pass."""
    if not field.passing:
        return given
    if isinstance(given, list):
        return [_kept_of(one, field) for one in given]
    if isinstance(given, dict):
        return {key: value for key, value in given.items() if key not in field.passing}
    return given


def _same(given: Any, value: Any, kind: Kind) -> bool:
    match kind:
        case Kind.INTEGER | Kind.NUMBER:
            return Decimal(str(given)) == Decimal(str(value))
        case Kind.FLAG:
            return bool(given in (TRUE if value else FALSE))
        case Kind.MOMENT:
            return moment(str(given)) == moment(value)
        case Kind.DATE:
            return bool(moment(str(given)).date() == date.fromisoformat(value))
        case Kind.JSON:
            return bool(_plain(given) == _plain(value))
        case _:
            return bool(str(given) == value)


def moment(text: str) -> datetime:
    """A time with its offset, compared as an instant."""
    return datetime.fromisoformat(text)


def kept(given: Any, raw: Any) -> bool:
    """Whether `_raw` holds the very value that did not fit its column."""
    return bool(_plain(given) in (_plain(raw), _plain(restored(raw)))) or str(given) == str(raw)


def _plain(value: Any) -> Any:
    """JSON values with numbers of one type, so that 1, 1.0 and Decimal(1) are the same."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()}
