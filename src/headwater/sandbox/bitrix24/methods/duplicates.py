"""crm.duplicate.findbycomm: which leads, contacts and companies share a phone number or an e-mail."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.lookalikes import reached

_WHERE = {"LEAD": "lead", "CONTACT": "contact", "COMPANY": "company"}
_MANY = 20
"""So many values may be asked for; so many finds of one kind end the search."""


def _find(call: Call) -> Outcome:
    """Ids by kind, `[]` without any; the kinds after one of which there are very many are left out."""
    kind, given = call.text("type").upper(), call.get("values")
    if not kind:
        raise Refused(400, "", "Communication type is not defined")
    if kind not in ("PHONE", "EMAIL"):
        raise Refused(400, "", f"Communication type '{kind}' is not supported in current context")
    values = [php.text(one) for one in php.as_list(given)] if given not in (None, "") else []
    if not any(values):
        raise Refused(400, "", "Communication values is not defined")
    only = call.text("entity_type").upper()
    found: dict[str, Any] = {}
    for name, entity in _WHERE.items():
        if only in ("", name):
            table = call.portal.tables[entity]
            ids = reached(call.portal.store, table, call.person, kind, values[:_MANY])
            if ids:
                found[name] = ids[:_MANY]
            if len(ids) >= _MANY:
                break
    return Outcome(php.array(found), seconds=0.05)


METHODS: Methods = {"crm.duplicate.findbycomm": Method(_find, ("crm",))}
