"""Custom fields come, go, change their label and their type while the portal runs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books, UserField
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.events import FIELD_ADD, FIELD_DELETE, FIELD_UPDATE
from headwater.sandbox.bitrix24.fields import Compare, Field, Table, custom_field
from headwater.sandbox.bitrix24.records import Tell
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.userfields import SETTINGS, known_type
from headwater.sandbox.bitrix24.values import written

_NUMBER = re.compile(r"\s*[+-]?\.?\d")


@dataclass(slots=True)
class Fieldwork:
    """Keeps books, tables and stored values of custom fields in step."""

    store: Store
    books: Books
    clock: PortalClock
    tell: Tell

    def add(self, table: Table, made: Iterable[UserField]) -> None:
        """More custom fields, after all others; records written before are empty in them."""
        made = list(made)
        self.books.user_fields += made
        self._settle(table, FIELD_ADD, made)

    def remove(self, table: Table, name: str) -> None:
        """Deletes a custom field with all its values. KeyError when there is none."""
        gone = found(self.books, table.entity.book, name)
        slot = table.slots[gone.name]

        def without(values: list[Any]) -> list[Any]:
            del values[slot]
            return values

        with self.store.together():
            self.store.rewrite(table, without)
            self.books.user_fields.remove(gone)
            self._settle(table, FIELD_DELETE, [gone])

    def rename(self, table: Table, name: str, label: str) -> None:
        """Gives a custom field another label. KeyError when there is none."""
        known = found(self.books, table.entity.book, name)
        known.label = label
        self._settle(table, FIELD_UPDATE, [known])

    def retype(self, table: Table, name: str, type: str, *, convert: bool, **words: Any) -> UserField:
        """Deletes a custom field and makes one of the same name; its values are converted or lost."""
        gone = found(self.books, table.entity.book, name)
        kept: dict[str, Any] = {
            "label": gone.label,
            "multiple": gone.multiple,
            "mandatory": gone.mandatory,
            "sort": gone.sort,
        }
        made = planned(self.books, gone.entity, gone.name, type, instead=gone, **kept | words)
        old, new, slot = table.fields[gone.name], custom_field(made), table.slots[gone.name]

        def moved(values: list[Any]) -> list[Any]:
            value = values.pop(slot)
            values.append(self._converted(old, new, value) if convert else new.empty)
            return values

        with self.store.together():
            self.store.rewrite(table, moved)
            self.books.user_fields.remove(gone)
            self.books.user_fields.append(made)
            self._settle(table, FIELD_DELETE, [gone])
        self.tell(table.entity.name, FIELD_ADD, _event(made))
        return made

    def _settle(self, table: Table, verb: str, concerned: Iterable[UserField]) -> None:
        table.reset(self.books.fields_of(table.entity.book))
        self.store.write("books", self.books.dump())
        for one in concerned:
            self.tell(table.entity.name, verb, _event(one))

    def _converted(self, old: Field, new: Field, value: Any) -> Any:
        members = value if isinstance(value, list) else [value]
        fitting = [_member(old, new, member) for member in members]
        kept = [member for member in fitting if member != ""]
        given = kept if new.multiple else next(iter(kept), None)
        return written(new, given, self.clock.zone)


def planned(
    books: Books,
    entity: str,
    name: str,
    type: str = "string",
    *,
    label: str = "",
    multiple: bool = False,
    mandatory: bool = False,
    sort: int = 100,
    settings: Mapping[str, Any] | None = None,
    options: Iterable[str] = (),
    instead: UserField | None = None,
) -> UserField:
    """A custom field of an entity's book, not added yet, with ids of its own for it and its options.

    The name is upper-cased and prefixed with UF_CRM_ where it lacks that; otherwise it may be anything, also
    what today's portals would not let you type. ValueError when its type is unknown or its name taken.
    """
    name = name.upper()
    owner = entity if entity.removeprefix("CRM_").isdigit() else "CRM"
    name = name if name.startswith("UF_") else f"UF_{owner}_{name}"
    if not known_type(type):
        raise ValueError(f"no such type of custom field: {type}; there are {', '.join(SETTINGS)}")
    if any(one.name == name and one is not instead for one in books.fields_of(entity)):
        raise ValueError(f"{entity} has a field {name} already")
    first = max((option for one in books.user_fields for option, _ in one.options), default=3001) + 2
    return UserField(
        id=max((one.id for one in books.user_fields), default=5000) + 2,
        entity=entity,
        name=name,
        type=type,
        label=label or name,
        multiple=multiple,
        mandatory=mandatory,
        sort=sort,
        settings=SETTINGS.get(type, {}) | dict(settings or {}),
        options=[[first + 2 * at, text] for at, text in enumerate(options)],
    )


def all_planned(books: Books, entity: str, plans: Iterable[Mapping[str, Any]]) -> list[UserField]:
    """Many custom fields, each by the words of `planned`; two of the same name are refused too."""
    trial = Books(user_fields=list(books.user_fields))
    for plan in plans:
        trial.user_fields.append(planned(trial, entity, **plan))
    return trial.user_fields[len(books.user_fields) :]


def found(books: Books, entity: str, name: str) -> UserField:
    """The custom field of that name; KeyError when there is none."""
    for one in books.fields_of(entity):
        if one.name == name.upper():
            return one
    raise KeyError(f"{entity} has no custom field {name}")


def _event(one: UserField) -> dict[str, str]:
    return {"ID": str(one.id), "ENTITY_ID": one.entity, "FIELD_NAME": one.name}


def _member(old: Field, new: Field, value: Any) -> Any:
    """One value as a client would write it into the new field; the empty text when it does not fit."""
    if php.is_empty(value) or value == old.empty:
        return ""
    if old.custom and old.custom.options:
        value = {str(option): label for option, label in old.custom.options}.get(str(value), "")
    if new.type == "file" or php.is_array(value):
        return value if new.type == old.type else ""
    if new.custom and new.type == "enumeration":
        return next((option for option, label in new.custom.options if label == str(value)), "")
    if new.compare is Compare.NUMBER and new.type != "boolean" and not _NUMBER.match(php.text(value)):
        return ""
    return value
