"""How an entity of the portal is declared: its fields, their types, both of their names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
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
    "crm_deal", "crm_quote", "crm_entity",
}  # fmt: skip
_CODES = {"crm_status", "crm_currency", "char", "crm"}
REFERENCES = {"crm_company", "crm_contact", "crm_lead", "crm_deal", "crm_quote", "crm_entity"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `empty` is how a classic list shows it without a value; `item` its name in crm.item.*;
    `listed` is false for fields that can be written and described but are never in a list."""

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


@cache
def item_name(name: str) -> str:
    """The crm.item.* form of an upper-case name: DATE_CREATE → dateCreate, UF_CRM_172 → ufCrm_172."""
    head, *tail = name.lower().split("_")
    if head == "parent" and len(tail) == 2:
        return "parentId" + tail[1]
    return head + "".join("_" + part if part[:1].isdigit() else part.capitalize() for part in tail)


Values = dict[str, Any]
"""The fields of one record by upper-case name, each in its classic wire form."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record, such as deals. `born` fills in what a new record lacks; `changed` derives what
    follows from a change (old values, then the new ones it may add to)."""

    name: str
    type_id: int
    book: str
    fields: Sequence[Field]
    born: Callable[[Books, Values, "Moment"], None]
    changed: Callable[[Books, Values, Values, "Moment"], None]


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


def custom_field(user_field: UserField) -> Field:
    """A user field as a field of its entity."""
    return Field(
        user_field.name,
        user_field.type,
        title=user_field.name,
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
        self.fields: dict[str, Field] = {one.name: one for one in (*self.entity.fields, *custom)}
        listed = (one for one in self.entity.fields if one.listed and one.name != "ID")
        self.columns: list[Field] = [*listed, *custom]
        self.slots: dict[str, int] = {one.name: at for at, one in enumerate(self.columns)}
        self.by_item: dict[str, Field] = {one.item_name: one for one in self.fields.values()}
        self.names = ("ID", *self.slots)
        self.empties = [one.empty for one in self.columns]
        self._blank: Values = dict.fromkeys(self.names)

    def padded(self, values: list[Any]) -> list[Any]:
        """A stored row at its full length."""
        short = len(values) < len(self.columns)
        return values + self.empties[len(values) :] if short else values

    def record(self, record_id: int, values: list[Any]) -> Values:
        """All fields of a stored row by name, as crm.deal.list shows them with `*` and `UF_*`."""
        record = self._blank.copy()  # cheaper than a dict that grows
        record.update(zip(self.names, (str(record_id), *self.padded(values)), strict=True))
        return record

    def row(self, record: Values) -> list[Any]:
        """The stored form of a record; fields it lacks are empty."""
        return [record.get(one.name, one.empty) for one in self.columns]
