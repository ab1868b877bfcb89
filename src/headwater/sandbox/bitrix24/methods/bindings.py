"""Bindings by REST: the contacts of deals, leads and companies, the companies of contacts."""

from collections.abc import Callable
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
Family = dict[str, Callable[[Call], Outcome]]


def _methods_of(owner: Entity, kept: str, first: str, other: str) -> Methods:
    """crm.{owner}.{other}.fields, add, delete and items.get, set, delete; `other` names what is bound."""
    name = f"{other.upper()}_ID"

    def get(call: Call) -> Outcome:
        record_id, record = seen(owner, call)
        if not kept:
            return Outcome(_contacts_of(call, record_id))
        primary = php.integer(record.get(first))
        pairs = bound(record, kept, first)
        return Outcome([_shown(name, one, place, primary=one == primary) for one, place in pairs])

    def put(call: Call) -> Outcome:
        record_id, _ = seen(owner, call)
        given = call.get("items")
        if not php.is_array(given):
            raise not_array("items")
        items = [{key.upper(): value for key, value in php.as_map(one).items()} for one in php.as_list(given)]
        pairs = [(php.integer(one.get(name)), php.integer(one.get("SORT"))) for one in items]
        if any(one <= 0 for one, _ in pairs):
            raise Refused(400, "", f"The field {name} is not defined or invalid.")
        marked = [
            one for one, item in zip(pairs, items, strict=True) if php.text(item.get("IS_PRIMARY")) == "Y"
        ]
        _write(call, record_id, pairs, marked[0][0] if marked else 0)
        return Outcome(True, seconds=_WRITE_SECONDS)

    def clear(call: Call) -> Outcome:
        _write(call, seen(owner, call)[0], [], 0)
        return Outcome(True, seconds=_WRITE_SECONDS)

    def add(call: Call) -> Outcome:
        """Binds one more; false when it was bound already."""
        record_id, record = seen(owner, call)
        given = {key.upper(): value for key, value in call.map("fields", required=True).items()}
        one = php.integer(given.get(name))
        if one <= 0:
            raise Refused(400, "", f"The field {name} is not defined or invalid.")
        pairs = _pairs(call, record_id, record)
        if any(one == known for known, _ in pairs):
            return Outcome(False, seconds=_WRITE_SECONDS)
        first_one = php.text(given.get("IS_PRIMARY")) == "Y"
        primary = one if first_one or not kept else php.integer(record.get(first))
        _write(call, record_id, [*pairs, (one, php.integer(given.get("SORT")))], primary)
        return Outcome(True, seconds=_WRITE_SECONDS)

    def delete(call: Call) -> Outcome:
        """Takes one out; false when it was not bound."""
        record_id, record = seen(owner, call)
        given = {key.upper(): value for key, value in call.map("fields", required=True).items()}
        one, pairs = php.integer(given.get(name)), _pairs(call, record_id, record)
        left = [pair for pair in pairs if pair[0] != one]
        if len(left) == len(pairs):
            return Outcome(False, seconds=_WRITE_SECONDS)
        _write(call, record_id, left, php.integer(record.get(first)) if kept else 0)
        return Outcome(True, seconds=_WRITE_SECONDS)

    def _pairs(call: Call, record_id: int, record: Values) -> list[tuple[int, int]]:
        found = bound(record, kept, first) if kept else _reverse(call, record_id)
        return [(one, place) for one, place in found]

    def _write(call: Call, record_id: int, pairs: list[tuple[int, int]], primary: int) -> None:
        if kept:
            table = call.portal.tables[owner.name]
            call.portal.records.rebind(table, record_id, kept, first, pairs, primary, call.person.id)
        else:
            _rewrite(call, record_id, [one for one, _ in pairs])

    family: Family = {
        "fields": partial(_fields, name),
        "add": add,
        "delete": delete,
        "items.get": get,
        "items.set": put,
        "items.delete": clear,
    }
    return {f"crm.{owner.name}.{other}.{verb}": Method(run, ("crm",)) for verb, run in family.items()}


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
    **_methods_of(DEALS, "CONTACT_IDS", "CONTACT_ID", "contact"),
    **_methods_of(LEADS, "CONTACT_IDS", "CONTACT_ID", "contact"),
    **_methods_of(CONTACTS, "COMPANY_IDS", "COMPANY_ID", "company"),
    **_methods_of(COMPANIES, "", "", "contact"),
}
