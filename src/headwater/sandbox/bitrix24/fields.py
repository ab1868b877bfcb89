"""How an entity of the portal is declared: its fields, their types, both of their names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from headwater.sandbox.bitrix24.books import Books, UserField


class Compare(Enum):
    """How values of a type are compared in filters and orders."""

    NUMBER = auto()
    MOMENT = auto()
    DAY = auto()
    CODE = auto()  # exact
    WORDS = auto()  # upper and lower case alike


_NUMBERS = {
    "integer", "double", "user", "employee", "enumeration", "boolean", "file", "iblock_section",
    "iblock_element", "resourcebooking", "crm_category", "crm_company", "crm_contact", "crm_lead",
    "crm_deal", "crm_quote", "crm_entity", "crm_enum_ownertype", "crm_enum_activitytype",
    "crm_enum_activitystatus", "crm_enum_activitypriority", "crm_enum_activitynotifytype",
    "crm_enum_contenttype", "crm_enum_activitydirection",
}  # fmt: skip
_CODES = {"crm_status", "crm_currency", "char", "crm"}
REFERENCES = {"crm_company", "crm_contact", "crm_lead", "crm_deal", "crm_quote", "crm_entity"}
MULTIFIELD = "crm_multifield"
"""The type of PHONE, EMAIL, WEB, IM and LINK: several values, each with an id and a kind."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `empty` is how a classic list shows it without a value; `item` its name in crm.item.*;
    `listed` is false for fields that can be written and described but are never in a list, `kept` says that
    their values are remembered all the same; `named` ones are listed only when asked for by name, `modern`
    ones are known to crm.item.* alone."""

    name: str
    type: str
    title: str = ""
    item: str = ""
    readonly: bool = False
    immutable: bool = False
    multiple: bool = False
    required: bool = False
    deprecated: bool = False
    listed: bool = True
    kept: bool = False
    named: bool = False
    modern: bool = False
    indexed: bool = False
    empty: Any = None
    status_type: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    custom: UserField | None = None

    @property
    def compare(self) -> Compare:
        if self.type in _NUMBERS:
            return Compare.NUMBER
        if self.type in _CODES:
            return Compare.CODE
        return {"datetime": Compare.MOMENT, "date": Compare.DAY}.get(self.type, Compare.WORDS)

    @property
    def item_name(self) -> str:
        return self.item or item_name(self.name)


@lru_cache(maxsize=4096)
def item_name(name: str) -> str:
    """The crm.item.* form of an upper-case name: DATE_CREATE → dateCreate, UF_CRM_172 → ufCrm_172."""
    head, *tail = name.lower().split("_")
    if head == "parent" and len(tail) == 2:
        return "parentId" + tail[1]
    return head + "".join("_" + part if part[:1].isdigit() else part.capitalize() for part in tail)


def upper_name(item: str) -> str:
    """The upper-case form of a camelCase name: dateUpdate → DATE_UPDATE."""
    return "".join("_" + sign if sign.isupper() else sign.upper() for sign in item)


def native(item: str, type: str = "string", empty: Any = "", **more: Any) -> Field:
    """A field of an entity whose answers have camelCase names and native values."""
    return Field(upper_name(item), type, item=item, empty=empty, **more)


Values = dict[str, Any]
"""The fields of one record by upper-case name, each in its classic wire form."""


Owner = tuple[int | str, int]
"""A record something belongs to: the number or the name of its entity, and its id."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record, such as deals. `born` fills in what a new record lacks; `changed` derives what
    follows from a change (old values, then the new ones it may add to).

    `links` are its bindings to several others: the kept field of them all, and the field of the first.
    `stage` is the field whose moves are history, `modified` and `modified_by` say who changed it when
    (empty: nothing does), `event` is its name in events when that is another one. What belongs to other
    records says with `owners` to which, in `owner` has the id of the first, and `moved` gives it to another.
    """

    name: str
    type_id: int
    book: str
    fields: Sequence[Field]
    born: Callable[[Books, Values, "Moment"], None]
    changed: Callable[[Books, Values, Values, "Moment"], None]
    links: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""
    modified: str = "DATE_MODIFY"
    modified_by: str = "MODIFY_BY_ID"
    event: str = ""
    owner: str = ""
    owners: Callable[[Values], list[Owner]] | None = None
    moved: Callable[[Values, Owner, Owner], None] | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Who acts, and when: the portal's time and day as it writes them."""

    user_id: int
    now: str
    today: str
    in_a_week: str


_UF_EMPTY: dict[str, Any] = {
    "string": "", "integer": "", "double": "", "date": "", "datetime": "", "money": "", "url": "",
    "address": "", "boolean": "0", "employee": None, "crm": "", "crm_status": "", "enumeration": "",
    "file": None, "iblock_section": "", "iblock_element": "", "resourcebooking": "",
}  # fmt: skip


def _process_item(user_field: UserField) -> str:
    """The item name of a smart process's field: UF_CRM_44_172 → ufCrm44_172; empty for other entities'."""
    prefix = f"UF_{user_field.entity}_"
    number = user_field.entity.removeprefix("CRM_")
    if not number.isdigit() or not user_field.name.startswith(prefix):
        return ""
    return f"ufCrm{number}" + item_name("X_" + user_field.name.removeprefix(prefix))[1:]


def custom_field(user_field: UserField) -> Field:
    """A user field as a field of its entity."""
    return Field(
        user_field.name,
        user_field.type,
        title=user_field.name,
        item=_process_item(user_field),
        multiple=user_field.multiple,
        required=user_field.mandatory,
        empty=False if user_field.multiple else _UF_EMPTY.get(user_field.type, ""),
        status_type=str(user_field.settings.get("ENTITY_TYPE", ""))
        if user_field.type == "crm_status"
        else "",
        settings=user_field.settings,
        custom=user_field,
    )


class Table:
    """An entity with its user fields as they are now: which value of a stored row is which field.

    A stored row is a list of values in the order of `columns`; it is shorter than that when fields were
    added after it was written.
    """

    def __init__(self, entity: Entity, user_fields: Sequence[UserField]) -> None:
        self.entity = entity
        self.reset(user_fields)

    def reset(self, user_fields: Sequence[UserField]) -> None:
        """Takes over another list of user fields; stored rows must already have their order."""
        custom = [custom_field(user_field) for user_field in user_fields]
        system = [one for one in self.entity.fields if one.name != "ID"]
        plain = [one for one in system if one.listed and not one.named]
        hidden = [one for one in system if one.listed and one.named]
        hidden += [one for one in system if one.kept and not one.listed]
        self.fields: dict[str, Field] = {one.name: one for one in (*self.entity.fields, *custom)}
        self.columns: list[Field] = [*plain, *hidden, *custom]
        self.slots: dict[str, int] = {one.name: at for at, one in enumerate(self.columns)}
        self.names = ("ID", *self.slots)
        self.hidden = tuple(one.name for one in hidden)
        self.multifields = tuple(one.name for one in hidden if one.type == MULTIFIELD)
        self.asked_for = tuple(one.name for one in hidden if one.named and one.type != MULTIFIELD)
        self.by_item: dict[str, Field] = {
            one.item_name: one for one in self.fields.values() if one.type != MULTIFIELD
        }
        self.empties = [one.empty for one in self.columns]
        self._blank: Values = dict.fromkeys(self.names)

    def called(self, name: str) -> Field | None:
        """The field that crm.item.* knows by a name: its own (createdTime), the classic one (DATE_CREATE), or
        its own in upper case (CREATED_TIME)."""
        found = self.by_item.get(name) or self.fields.get(name)
        return found or (self.by_item.get(item_name(name)) if name.isupper() else None)

    def padded(self, values: list[Any]) -> list[Any]:
        """A stored row at its full length."""
        short = len(values) < len(self.columns)
        return values + self.empties[len(values) :] if short else values

    def record(self, record_id: int, values: list[Any]) -> Values:
        """All fields of a stored row by name, those of no list too."""
        record = self._blank.copy()  # cheaper than a dict that grows
        record.update(zip(self.names, (str(record_id), *self.padded(values)), strict=True))
        return record

    def listed(self, record_id: int, values: list[Any]) -> Values:
        """A stored row as a list with `*` and `UF_*` shows it."""
        record = self.record(record_id, values)
        for name in self.hidden:
            del record[name]
        return record

    def shown(self, record: Values) -> Values:
        """A record as a get shows it: with the phones and addresses it has, without what no list shows."""
        held = {name for name in self.multifields if record[name]}
        return {name: value for name, value in record.items() if name not in self.hidden or name in held}

    def row(self, record: Values) -> list[Any]:
        """The stored form of a record; fields it lacks are empty."""
        return [record.get(one.name, one.empty) for one in self.columns]
