"""Running one method, alone or in a batch: checks in the vendor's order, its cost, faults of its rows."""

from dataclasses import replace
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Caller, Outcome
from headwater.sandbox.bitrix24.errors import Refused, app_only, no_method, no_scope, operating_limit
from headwater.sandbox.bitrix24.events import Actor
from headwater.sandbox.bitrix24.faults import ROWS, Fault, Kind
from headwater.sandbox.bitrix24.limits import Shown
from headwater.sandbox.bitrix24.lists import Rows
from headwater.sandbox.bitrix24.methods import METHODS
from headwater.sandbox.bitrix24.portal import Portal


def run(
    portal: Portal,
    caller: Caller,
    name: str,
    params: dict[str, Any],
    *,
    key: str | None = None,
    charged_to: str = "",
) -> Outcome:
    """What a method answers; Refused when it does not. `key` is its place in a batch, `charged_to` the
    method that pays for its time, by default itself."""
    if key is not None:
        portal.disturb(name, inside=True)
    method = METHODS.get(name)
    if method is None:
        raise no_method()
    denied = portal.faults.take(frozenset({Kind.SCOPE}), name, key) is not None
    if denied or (method.scopes and not set(method.scopes) & set(caller.scopes)):
        raise no_scope("access" if caller.app else "webhook")
    if method.app_only and caller.app is None:
        raise app_only()
    payer = charged_to or name
    worn_out = portal.faults.take(frozenset({Kind.OPERATION_LIMIT}), name, key) is not None
    if worn_out or portal.limits.blocked(caller.credential, payer):
        raise operating_limit()
    fault = portal.faults.take(frozenset({Kind.ERROR}), name, key)
    if fault:
        raise Refused(fault.status or 400, fault.code, fault.description)
    connector = php.text(params.get("auth_connector")) or caller.connector
    with portal.events.by(Actor(caller.person.id, caller.app.id if caller.app else 0, connector)):
        outcome = method.run(Call(portal, caller, params))
    portal.limits.charge(caller.credential, payer, outcome.seconds)
    spoil = portal.faults.take(ROWS, name, key)
    return _spoiled(outcome, spoil) if spoil else outcome


def _spoiled(outcome: Outcome, fault: Fault) -> Outcome:
    """An answer with one row gone wrong; an answer without rows stays as it is."""
    wrapped = isinstance(outcome.result, dict) and "items" in outcome.result
    found = outcome.result["items"] if wrapped else outcome.result
    if not isinstance(found, (list, Rows)) or not found:
        return outcome
    rows = list(found)
    at = len(rows) // 2
    row = dict(rows[at])
    if fault.kind is Kind.DUPLICATE_ROW:
        rows.insert(at, row)
    elif fault.kind is Kind.NO_ID:
        row.pop("ID", None)
        row.pop("id", None)
    elif fault.kind is Kind.BAD_UTF8:
        row[fault.field] = f"broken {php.BAD_BYTES} text"
    else:
        row[fault.field] = "ы" * fault.size
    rows[at] = row
    return replace(outcome, result={"items": rows} if wrapped else rows)


def timing(
    portal: Portal,
    caller: Caller | None,
    method: str,
    began: float,
    seconds: float,
    *,
    operating: float | None = None,
) -> dict[str, Any]:
    """The `time` of an answer. `operating` overrides the counted sum (the frozen number of a batch)."""
    clock, shown = portal.clock, portal.limits.rules.shown
    took = {
        "start": round(began, 6),
        "finish": round(began + seconds, 6),
        "duration": seconds,
        "processing": seconds,
        "date_start": clock.shown(began),
        "date_finish": clock.shown(began + seconds),
    }
    if shown is Shown.NONE or caller is None:
        return took
    if shown is Shown.BOTH:
        took["operating_reset_at"] = portal.limits.resets_at(caller.credential, method)
    spent = portal.limits.operating(caller.credential, method) if operating is None else operating
    return took | {"operating": spent or 0}
