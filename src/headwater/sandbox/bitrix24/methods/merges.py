"""crm.entity.mergeBatch: several records become one."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.faults import Kind

_NAMES = {1: "LEAD", 3: "CONTACT", 4: "COMPANY", 7: "QUOTE", 31: "SMART_INVOICE"}
_SECONDS = 2.0


def _wrong(text: str) -> Refused:
    return Refused(400, 0, text)


def _merge(call: Call) -> Outcome:
    """The first id stays; the answer names the others. Only an administrator may."""
    if not call.person.admin:
        raise Refused(403, 0, "Access denied")
    given = {name.lower(): value for name, value in call.map("params").items()}
    number = php.integer(given.get("entitytypeid"))
    if number <= 0:
        raise _wrong("The parameter entityTypeId is required.")
    table = next((one for one in call.portal.tables.values() if one.entity.type_id == number), None)
    if table is None:
        raise _wrong(f"Entity type {_NAMES.get(number, number)} is not supported")
    ids = list(dict.fromkeys(php.integer(one) for one in php.as_list(given.get("entityids") or [])))
    known = set(call.portal.store.ids(table, ids))
    ids = [one for one in ids if one in known]
    if not ids:
        raise _wrong("The parameter entityIds does not contains valid elements.")
    if len(ids) < 2:
        raise _wrong("The parameter entityIds must contains at least two elements.")
    if call.portal.faults.take(frozenset({Kind.MERGE_CONFLICT}), "crm.entity.mergebatch"):
        return Outcome({"STATUS": "CONFLICT", "ENTITY_IDS": []}, seconds=_SECONDS)
    losers = call.portal.records.merge(table, ids, call.person.id)
    return Outcome({"STATUS": "SUCCESS", "ENTITY_IDS": losers}, seconds=_SECONDS)


METHODS: Methods = {"crm.entity.mergebatch": Method(_merge, ("crm",))}
