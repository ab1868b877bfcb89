"""What a portal says of itself before a run: its fields, its newest ids, its lists."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headwater.core.errors import RetryLater
from headwater.core.model import Field, Kind, Privacy
from headwater.sources.bitrix24.classes import CUSTOM_PREFIX, PERSONAL_PREFIXES, PRIVACY, TICKS
from headwater.sources.bitrix24.family import Declared, Fixed
from headwater.sources.bitrix24.kinds import ADDRESSES, FILES, TYPES, UNKNOWN, Type
from headwater.sources.bitrix24.lanes import number_of
from headwater.sources.bitrix24.shapes import command, rows_of, section

TIME = "time"
HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def commands(entities: Iterable[Declared], *, count: bool, language: str) -> dict[str, str]:
    """The commands that entities are surveyed by; keys are `<word>_<slug>`."""
    found = {}
    for entity in entities:
        slug, family = entity.spec.slug, entity.family
        if family.fields:
            found[f"fields_{slug}"] = command(family.fields, family.fixed)
        if family.labels:
            found[f"labels_{slug}"] = command(family.labels, [("filter[LANG]", language)])
        selected = [("select[]", family.id)] if entity.select else []
        found[f"newest_{slug}"] = command(family.list, [*family.order(up=False), *selected])
        if count:
            found[f"total_{slug}"] = command(family.list, [*family.fixed, *selected, ("start", "0")])
    return found


class Told(NamedTuple):
    """One field as the portal tells of it, from both of its lists."""

    name: str
    type: str
    multiple: bool
    custom: bool
    label: str
    upper: str


def fields_of(entity: Declared, described: Any, custom: Any) -> Sequence[Field]:
    """The fields of an entity in the portal's order.

    `described` is the answer of `….fields`, `custom` that of `….userfield.list` (or nothing).
    """
    if entity.fixed:
        told = [_fixed(one) for one in entity.fixed]
    else:
        inner = described.get("fields", described) if isinstance(described, dict) else None
        if not isinstance(inner, dict) or not inner:
            raise RetryLater(f"{entity.family.fields}: the portal told no fields; it will be asked again")
        told = [*_told(inner, custom)]
    kept = [one for one in told if one.name not in entity.unlisted | entity.dropped]
    taken = {each.name.upper() for each in kept}
    return [field for each in kept for field in _fields(each, taken)]


def newest_of(entity: Declared, rows: Any) -> int:
    """The highest id in an answer asked in descending order; 0 when there is no record."""
    first = (rows_of(rows) or [None])[0]
    return number_of(first, entity.family.id) or 0


def _fixed(one: Fixed) -> Told:
    return Told(one.name, one.type, one.multiple, one.name.startswith("UF_"), one.label, one.name)


def _told(described: Mapping[str, Any], custom: Any) -> Iterable[Told]:
    rows = {row["FIELD_NAME"]: row for row in section(custom).values() if _names_a_field(row)}
    for name, about in described.items():
        more = rows.pop(name, {})
        meta = about if isinstance(about, dict) else {}
        upper = meta.get("upperName")
        yield Told(
            name,
            str(meta.get("type") or more.get("USER_TYPE_ID") or "string"),
            meta.get("isMultiple") in (True, "Y", 1, "1") or more.get("MULTIPLE") == "Y",
            meta.get("isDynamic") in (True, "Y", 1, "1") or name.startswith("UF_"),
            _label(name, meta, more),
            upper if isinstance(upper, str) and upper else name,
        )
    for name, more in rows.items():
        yield Told(
            name,
            str(more.get("USER_TYPE_ID") or "string"),
            more.get("MULTIPLE") == "Y",
            True,
            _label(name, {}, more),
            name,
        )


def _names_a_field(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("FIELD_NAME"), str) and bool(row["FIELD_NAME"])


def _label(name: str, meta: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    words = [meta.get(key) for key in ("listLabel", "formLabel", "title")]
    words += [more.get(key) for key in ("LIST_COLUMN_LABEL", "EDIT_FORM_LABEL", "LIST_FILTER_LABEL")]
    texts = [word.strip() for word in words if isinstance(word, str) and word.strip()]
    return next((text for text in texts if text != name), name)


def _fields(told: Told, taken: set[str]) -> Iterable[Field]:
    type_ = TYPES.get(told.type, UNKNOWN)
    kind = Kind.JSON if told.multiple else type_.kind
    field = Field(
        name=told.name,
        kind=kind,
        origin=told.name,
        label=told.label,
        type=told.type,
        custom=told.custom,
        multiple=told.multiple,
        privacy=_privacy(told, type_),
        ticks=told.upper in TICKS,
        spelled=told.upper if told.upper != told.name else "",
        unknown=told.type not in TYPES,
        passing=ADDRESSES if told.type in FILES else frozenset(),
    )
    yield field
    if told.type == "money" and not told.multiple:
        name = f"{told.name}_CURRENCY"
        while name.upper() in taken:
            name += "_"
        taken.add(name.upper())
        yield Field(
            name, Kind.TEXT, told.name, told.label, told.type, told.custom,
            privacy=field.privacy, spelled=f"{told.upper}_CURRENCY" if field.spelled else "",
        )  # fmt: skip


def _privacy(told: Told, type_: Type) -> Privacy:
    name = HUMP.sub("_", told.upper).upper()  # sourceDescription, where the portal does not spell it itself
    if told.custom or name.startswith(CUSTOM_PREFIX):
        return type_.custom
    if name.startswith(PERSONAL_PREFIXES):
        return Privacy.PERSONAL
    return PRIVACY.get(name, type_.system)
