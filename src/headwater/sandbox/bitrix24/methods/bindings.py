"""Bindings by REST: the contacts of deals, leads and companies, the companies of contacts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.companies import COMPANIES
from headwater.sandbox.bitrix24.contacts import CONTACTS
from headwater.sandbox.bitrix24.deals import DEALS
from headwater.sandbox.bitrix24.errors import Refused, not_array
from headwater.sandbox.bitrix24.fields import Entity, Field, Values
from headwater.sandbox.bitrix24.leads import LEADS
from headwater.sandbox.bitrix24.links import STEP, Bound, bound
from headwater.sandbox.bitrix24.lookup import bound_to
from headwater.sandbox.bitrix24.methods.classic import seen
from headwater.sandbox.bitrix24.userfields import described

_WRITE_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class _Bindings:
    """The bindings of records of one kind. `other` names what they are bound to; `kept` and `first` are the
    fields that hold all of these and the first, empty where only the others know of them."""

    owner: Entity
    other: str
    kept: str = ""
    first: str = ""

    @property
    def name(self) -> str:
        return f"{self.other.upper()}_ID"

    def methods(self) -> Methods:
        """crm.{owner}.{other}.fields, add, delete and items.get, set, delete."""
        family: Mapping[str, Callable[[Call], Outcome]] = {
            "fields": partial(_fields, self.name),
            "add": self.add,
            "delete": self.delete,
            "items.get": self.get,
            "items.set": self.put,
            "items.delete": self.clear,
        }
        return {
            f"crm.{self.owner.name}.{self.other}.{verb}": Method(run, ("crm",))
            for verb, run in family.items()
        }

    def get(self, call: Call) -> Outcome:
        record_id, record = seen(self.owner, call)
        if not self.kept:
            return Outcome(_contacts_of(call, record_id))
        primary = php.integer(record.get(self.first))
        pairs = bound(record, self.kept, self.first)
        return Outcome([_shown(self.name, one, place, primary=one == primary) for one, place in pairs])

    def put(self, call: Call) -> Outcome:
        record_id, _ = seen(self.owner, call)
        given = call.get("items")
        if not php.is_array(given):
            raise not_array("items")
        items = [{key.upper(): value for key, value in php.as_map(one).items()} for one in php.as_list(given)]
        pairs = [(self._named(item), php.integer(item.get("SORT"))) for item in items]
        marked = [
            one
            for (one, _), item in zip(pairs, items, strict=True)
            if php.text(item.get("IS_PRIMARY")) == "Y"
        ]
        return self._written(call, record_id, pairs, marked[0] if marked else 0)

    def clear(self, call: Call) -> Outcome:
        return self._written(call, seen(self.owner, call)[0], [], 0)

    def add(self, call: Call) -> Outcome:
        """Binds one more; false when it was bound already."""
        record_id, record = seen(self.owner, call)
        given = {key.upper(): value for key, value in call.map("fields", required=True).items()}
        one, pairs = self._named(given), self._pairs(call, record_id, record)
        if any(one == known for known, _ in pairs):
            return Outcome(False, seconds=_WRITE_SECONDS)
        is_first = php.text(given.get("IS_PRIMARY")) == "Y" or not self.kept
        primary = one if is_first else php.integer(record.get(self.first))
        return self._written(call, record_id, [*pairs, (one, php.integer(given.get("SORT")))], primary)

    def delete(self, call: Call) -> Outcome:
        """Takes one out; false when it was not bound."""
        record_id, record = seen(self.owner, call)
        given = {key.upper(): value for key, value in call.map("fields", required=True).items()}
        one, pairs = php.integer(given.get(self.name)), self._pairs(call, record_id, record)
        left = [pair for pair in pairs if pair[0] != one]
        if len(left) == len(pairs):
            return Outcome(False, seconds=_WRITE_SECONDS)
        return self._written(call, record_id, left, php.integer(record.get(self.first)) if self.kept else 0)

    def _named(self, item: Mapping[str, Any]) -> int:
        one = php.integer(item.get(self.name))
        if one <= 0:
            raise Refused(400, "", f"The field {self.name} is not defined or invalid.")
        return one

    def _pairs(self, call: Call, record_id: int, record: Values) -> list[tuple[int, int]]:
        found = bound(record, self.kept, self.first) if self.kept else _reverse(call, record_id)
        return [(one, place) for one, place in found]

    def _written(self, call: Call, record_id: int, pairs: list[tuple[int, int]], primary: int) -> Outcome:
        if self.kept:
            table = call.portal.tables[self.owner.name]
            call.portal.records.rebind(
                table, record_id, self.kept, self.first, pairs, primary, call.person.id
            )
        else:
            _rewrite(call, record_id, [one for one, _ in pairs])
        return Outcome(True, seconds=_WRITE_SECONDS)


def _shown(name: str, one: int, place: int, *, primary: bool) -> dict[str, Any]:
    return {name: one, "SORT": place, "ROLE_ID": 0, "IS_PRIMARY": "Y" if primary else "N"}


def _contacts_of(call: Call, company_id: int) -> list[dict[str, Any]]:
    """The contacts of a company as they know of it themselves: its place among the companies of each, and
    whether it is their first."""
    table, rows = call.portal.tables[CONTACTS.name], []
    for contact, _ in _reverse(call, company_id):
        values = call.portal.store.get(table, contact)
        record = table.record(contact, values) if values else {}
        firms = bound(record, "COMPANY_IDS", "COMPANY_ID")
        place = next((place for one, place in firms if one == company_id), STEP)
        first = php.integer(record.get("COMPANY_ID")) == company_id
        rows.append(_shown("CONTACT_ID", contact, place, primary=first))
    return rows


def _fields(name: str, _: Call) -> Outcome:
    other = "Контакт" if name == "CONTACT_ID" else "Компания"
    fields = (
        Field("SORT", "integer", "Сортировка"),
        Field("IS_PRIMARY", "char", "Первичный"),
        Field(name, "integer", other, required=True),
    )
    return Outcome({field.name: described(field, item=False) for field in fields})


def _reverse(call: Call, company_id: int) -> Bound:
    """The contacts of a company, which know of it themselves."""
    table = call.portal.tables[CONTACTS.name]
    ids = bound_to(call.portal.store, table, "COMPANY_IDS", "COMPANY_ID", company_id)
    return [[one, STEP * (at + 1)] for at, one in enumerate(ids)]


def _rewrite(call: Call, company_id: int, contacts: list[int]) -> None:
    """Binds a company to exactly these contacts: it is written into them and taken out of the others."""
    records, store, table = call.portal.records, call.portal.store, call.portal.tables[CONTACTS.name]
    before = bound_to(store, table, "COMPANY_IDS", "COMPANY_ID", company_id)
    for contact in dict.fromkeys([*before, *contacts]):
        values = store.get(table, contact)
        if values is None or (contact in before) == (contact in contacts):
            continue
        record = table.record(contact, values)
        pairs = [
            (one, place) for one, place in bound(record, "COMPANY_IDS", "COMPANY_ID") if one != company_id
        ]
        if contact in contacts:
            pairs.append((company_id, 0))
        primary = php.integer(record["COMPANY_ID"])
        records.rebind(table, contact, "COMPANY_IDS", "COMPANY_ID", pairs, primary, call.person.id)


METHODS: Methods = {
    **_Bindings(DEALS, "contact", "CONTACT_IDS", "CONTACT_ID").methods(),
    **_Bindings(LEADS, "contact", "CONTACT_IDS", "CONTACT_ID").methods(),
    **_Bindings(CONTACTS, "company", "COMPANY_IDS", "COMPANY_ID").methods(),
    **_Bindings(COMPANIES, "contact").methods(),
}
