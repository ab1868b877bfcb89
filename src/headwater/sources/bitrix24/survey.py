"""What a portal says of itself before a run: its fields, its newest ids, its currency."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headwater.core.errors import RetryLater
from headwater.core.model import Field, Kind, Privacy
from headwater.sources.bitrix24.entities import PERSONAL_PREFIXES, PRIVACY, TICKS, Declared
from headwater.sources.bitrix24.kinds import TYPES, UNKNOWN, Type
from headwater.sources.bitrix24.shapes import command, rows_of, section

TIME = "time"
CURRENCY = "currency"
OPTIONAL = frozenset({CURRENCY, "labels"})


def commands(entities: Iterable[Declared], *, count: bool, language: str) -> dict[str, str]:
    """The commands of a survey, by key; keys of an entity are `<word>_<slug>`."""
    found = {TIME: "server.time?", CURRENCY: "crm.currency.base.get?"}
    for entity in entities:
        slug, family = entity.spec.slug, entity.family
        found[f"fields_{slug}"] = f"{family}.fields?"
        found[f"labels_{slug}"] = command(f"{family}.userfield.list", [("filter[LANG]", language)])
        newest = [("order[ID]", "DESC"), ("select[]", "ID"), ("start", "-1")]
        found[f"newest_{slug}"] = command(f"{family}.list", newest)
        if count:
            found[f"total_{slug}"] = command(f"{family}.list", [("select[]", "ID"), ("start", "0")])
    return found


def is_optional(key: str) -> bool:
    """Whether a survey is still worth something without this command's answer."""
    return key.partition("_")[0] in OPTIONAL


class Told(NamedTuple):
    """One field as the portal tells of it, from both of its lists."""

    name: str
    type: str
    multiple: bool
    custom: bool
    label: str


def fields_of(entity: Declared, described: Any, custom: Any) -> tuple[Sequence[Field], Sequence[str]]:
    """The fields of an entity in the portal's order, and the type words among them that we do not know.

    `described` is the answer of `….fields`, `custom` that of `….userfield.list` (or nothing).
    """
    if not isinstance(described, dict) or not described:
        raise RetryLater(f"{entity.family}.fields: the portal told no fields; it will be asked again")
    told = [each for each in _told(described, custom) if each.name not in entity.unlisted]
    taken = {each.name.upper() for each in told}
    fields = [field for each in told for field in _fields(each, taken)]
    return fields, sorted({each.type for each in told if each.type not in TYPES})


def newest_of(rows: Any) -> int:
    """The highest id in an answer asked in descending order; 0 when there is no record."""
    first = (rows_of(rows) or [None])[0]
    found = str(first.get("ID", "")) if isinstance(first, dict) else ""
    return int(found) if found.isascii() and found.isdecimal() else 0


def _told(described: Mapping[str, Any], custom: Any) -> Iterable[Told]:
    rows = {row["FIELD_NAME"]: row for row in section(custom).values() if _names_a_field(row)}
    for name, about in described.items():
        more = rows.pop(name, {})
        meta = about if isinstance(about, dict) else {}
        yield Told(
            name,
            str(meta.get("type") or more.get("USER_TYPE_ID") or "string"),
            meta.get("isMultiple") in (True, "Y", 1, "1") or more.get("MULTIPLE") == "Y",
            meta.get("isDynamic") in (True, "Y", 1, "1") or name.startswith("UF_"),
            _label(name, meta, more),
        )
    for name, more in rows.items():
        yield Told(
            name,
            str(more.get("USER_TYPE_ID") or "string"),
            more.get("MULTIPLE") == "Y",
            True,
            _label(name, {}, more),
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
        ticks=told.name in TICKS,
    )
    yield field
    if told.type == "money" and not told.multiple:
        name = f"{told.name}_CURRENCY"
        while name.upper() in taken:
            name += "_"
        taken.add(name.upper())
        yield Field(name, Kind.TEXT, told.name, told.label, told.type, told.custom, privacy=field.privacy)


def _privacy(told: Told, type_: Type) -> Privacy:
    if told.custom:
        return type_.custom
    if told.name.startswith(PERSONAL_PREFIXES):
        return Privacy.PERSONAL
    return PRIVACY.get(told.name, type_.system)
