"""Fills a portal from CSV files by a mapping: people, lists, records, and what refers to what."""

from dataclasses import fields
from pathlib import Path

from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.drafts import Draft, drafted
from headwater.sandbox.bitrix24.fields import MULTIFIELD, REFERENCES, Field, Table
from headwater.sandbox.bitrix24.filler import Filler
from headwater.sandbox.bitrix24.mapping import ENTITIES, NEEDED
from headwater.sandbox.bitrix24.plans import Group, Plan, read_plan
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.takes import Drawn

_OWNERS = {
    "product_rows": ("leads", "deals"),
    "calls": ("leads", "contacts", "companies"),
    "activities": ("leads", "deals", "contacts", "companies"),
    "comments": ("leads", "deals", "contacts", "companies"),
}
"""What may own the records of a section."""

_DERIVED = {
    "BINDINGS", "COMMUNICATIONS", "OWNER_ID", "OWNER_TYPE_ID", "CRM_ENTITY_ID", "CRM_ENTITY_TYPE",
    "ENTITY_ID", "ENTITY_TYPE", "PRICE_NETTO",
}  # fmt: skip
_UNREADABLE = {"file", "object", "diskfile", "product_file"}

_DATES = ("date", "datetime")
_TYPED = {
    **dict.fromkeys(("date", "walk", "spread", "plus"), _DATES),
    "duration": ("integer", "double"),
    "decimal": ("integer", "double", "money"),
    "person": ("user", "employee"),
    "kind": (MULTIFIELD,),
    "ref": (*REFERENCES, "integer", "crm"),
}
"""The types of fields that a word goes with."""

_REFERRED = {
    "crm_lead": "leads", "crm_deal": "deals", "crm_contact": "contacts", "crm_company": "companies",
    "PRODUCT_ID": "products", "CRM_ACTIVITY_ID": "activities",
}  # fmt: skip
"""What fields of a type, or of a name, refer to."""


def filled(portal: Portal, mapping: Path, data: Path) -> dict[str, int]:
    """Reads the CSV files in `data` as `mapping` says and puts the records into the portal; how many of
    each section.

    NeedsPerson names file, line, column and remedy of the first thing that does not fit; nothing is
    stored then.
    """
    plan = read_plan(mapping, data, portal.clock.zone)
    draft = drafted(portal.books, plan)
    for group in plan.groups:
        _check(plan, group, draft.tables[group.entity])
    serial = int(portal.store.read("serial.multifield") or 0)
    filler = Filler(plan, draft, portal.clock, serial)
    filler.fill()
    _store(portal, draft, filler)
    return {name: len(filler.made[entity]) for name, entity in ENTITIES.items() if plan.of(name)}


def _check(plan: Plan, group: Group, table: Table) -> None:
    """A section against the portal's fields, before any line is read."""
    for name, several in group.fields.items():
        known = table.fields.get(name)
        fits = known and (known.listed or known.kept or name == "ID") and name not in _DERIVED
        if known is None or not fits or known.type in _UNREADABLE:
            custom = f"declare it in [{group.name}.user_fields] or " if table.entity.book else ""
            raise several[0].mend(f"{group.name} have no field {name}; {custom}mend its name")
        if len(several) > 1 and not known.multiple:
            raise several[-1].mend(f"{name} has one value; join columns with a template")
        for drawn in several:
            _check_words(name, known, drawn)
    among = _OWNERS.get(group.name, ())
    for drawn in (*group.picked.drawn.get("owner", ()), *group.picked.drawn.get("bindings", ())):
        if drawn.take.ref not in among:
            raise drawn.mend(f"say whose it is with `ref`, one of {', '.join(among)}")
    needed = NEEDED.get(group.name)
    if needed and needed not in group.fields:
        raise plan.mapping.wrong(f"{group.name} need a field {needed}", group.name, group.at)
    if group.name in ("product_rows", "comments") and not group.picked.one("owner"):
        raise plan.mapping.wrong(f"{group.name} need an `owner`", group.name, group.at)
    if group.history and not group.keyed:
        raise plan.mapping.wrong(f"a history needs a `key` of {group.name}", group.name, group.at)


def _check_words(name: str, known: Field, drawn: Drawn) -> None:
    """The words of a take against the type of its field."""
    take = drawn.take
    given = {word for word in _TYPED if getattr(take, word)}
    for word in sorted(given):
        if known.type not in _TYPED[word]:
            raise drawn.mend(f"`{word}` goes with fields of other types than {known.type}")
    if take.split and not known.multiple:
        raise drawn.mend(f"`split` goes with fields of several values; {name} has one")
    wanted = _REFERRED.get(known.type) or _REFERRED.get(name)
    if take.ref and wanted not in (None, take.ref):
        raise drawn.mend(f"{name} refers to {wanted}, not to {take.ref}")
    if take.ref and known.type == "crm" and known.settings.get(ENTITIES[take.ref].upper()) != "Y":
        raise drawn.mend(f"{name} may not refer to {take.ref}; mend its `settings`")


def _store(portal: Portal, draft: Draft, filler: Filler) -> None:
    """Puts the drafted books and the records into the portal, all or nothing."""
    for one in fields(Books):
        setattr(portal.books, one.name, getattr(draft.books, one.name))
    for table in portal.tables.values():
        table.reset(portal.books.fields_of(table.entity.book))
    touched = {name: records for name, records in filler.made.items() if records}
    with portal.store.filling(portal.tables[name] for name in touched):
        for name, records in touched.items():
            table = portal.tables[name]
            portal.store.put(table, [(int(record["ID"]), table.row(record)) for record in records])
        portal.store.write("serial.multifield", str(filler.forms.serial))
        portal.save()
