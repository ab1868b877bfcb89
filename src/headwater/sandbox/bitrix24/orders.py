"""What the control door can be told: one entry a request, each a call of the portal."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from headwater.sandbox.bitrix24.limits import Accounting, Plan, Shown
from headwater.sandbox.bitrix24.portal import Portal

Body = dict[str, Any]
Order = Callable[[Portal, Body], Body | None]


def _stats(portal: Portal, _: Body) -> Body:
    struck = {"faults_struck": portal.faults.struck}
    return portal.stats.shown() | struck | {"events": portal.events.shown()}


def _of(body: Body) -> Body:
    """Which entity is meant, when the body says one; otherwise deals are."""
    return {"entity": str(body["entity"])} if "entity" in body else {}


def _state(portal: Portal, _: Body) -> Body:
    return {
        "state": portal.state,
        "deals": portal.store.count(portal.deals),
        "last_id": portal.store.last_id(portal.deals),
        "records": {name: portal.store.count(table) for name, table in portal.tables.items()},
        "now": portal.clock.shown(),
        "virtual": portal.clock.virtual,
        "faults": len(portal.faults.script),
    }


def _set_state(portal: Portal, body: Body) -> Body:
    portal.set_state(str(body["state"]), moved_to=str(body.get("moved_to", "")))
    return _state(portal, {})


def _add_faults(portal: Portal, body: Body) -> Body:
    for fault in body["faults"]:
        portal.add_fault(fault)
    return {"faults": len(portal.faults.script)}


def _change(portal: Portal, body: Body) -> Body:
    """`records`: a list of {id, fields, touch, silent}."""
    for one in body["records"]:
        words: Body = {name: bool(one[name]) for name in ("touch", "silent") if name in one}
        portal.change(int(one["id"]), one["fields"], **words, **_of(body))
    return {"changed": len(body["records"])}


def _delete(portal: Portal, body: Body) -> Body:
    silent = bool(body.get("silent", False))
    return {"deleted": portal.remove(map(int, body["ids"]), silent=silent, **_of(body))}


def _merge(portal: Portal, body: Body) -> Body:
    return {"deleted": portal.merge(map(int, body["ids"]), **_of(body))}


def _work(portal: Portal, body: Body) -> Body:
    return {"ids": portal.work(int(body.get("changes", 1)), **_of(body))}


def _restore(portal: Portal, body: Body) -> Body:
    words: Body = {name: bool(body[name]) for name in ("same_id", "touch") if name in body}
    return {"id": portal.restore(int(body["id"]), **words, **_of(body))}


def _burst(portal: Portal, body: Body) -> Body:
    which = [int(one) for one in body["ids"]] if "ids" in body else int(body["count"])
    return {"ids": portal.burst(which, body.get("fields"), **_of(body))}


def _busy(portal: Portal, body: Body) -> None:
    numbers: Body = {
        name: int(body.pop(name)) for name in ("changes", "deletes", "inserts", "every") if name in body
    }
    portal.busy(**numbers, **body)


def _move_clock(portal: Portal, body: Body) -> Body:
    if "advance" in body:
        portal.clock.advance(float(body["advance"]))
    if "skew" in body:
        portal.clock.skew = float(body["skew"])
    return {"now": portal.clock.shown()}


def _set_limits(portal: Portal, body: Body) -> Body:
    rules = portal.limits.rules
    known = {"on": bool, "plan": Plan, "limit_seconds": float, "floor_seconds": float}
    known |= {"accounting": Accounting, "shown": Shown, "count_refused": bool, "count_row_seconds": float}
    known |= {"slowness": float}
    for name, value in body.items():
        if name not in known:
            raise ValueError(f"no such limit: {name}; there are {', '.join(known)}")
        setattr(rules, name, known[name](value))
    return {"limits": {name: getattr(rules, name) for name in known}}


def _remove_fields(portal: Portal, body: Body) -> None:
    for name in body["names"]:
        portal.remove_field(name, **_of(body))


def _add_fields(portal: Portal, body: Body) -> Body:
    return {"ids": [one.id for one in portal.add_fields(body["fields"], **_of(body))]}


def _set_credential(portal: Portal, body: Body) -> None:
    """`expired`: whether the webhook's time is over."""
    change = portal.expire if body["expired"] else portal.renew
    change(str(body.get("code", "")))


def _handlers(portal: Portal, _: Body) -> Body:
    return {"handlers": [asdict(one) for one in portal.books.handlers]}


def _take_events(portal: Portal, body: Body) -> Body:
    taken = portal.events.take(body.get("handler"), body.get("limit"))
    return {"events": [one._asdict() | {"body": one.body.decode()} for one in taken]}


def _install(portal: Portal, body: Body) -> Body:
    texts = ("redirect_uri", "install_url", "client_id", "client_secret", "application_token")
    said: Body = {name: str(value) if name in texts else value for name, value in body.items()}
    return asdict(portal.install_app(**said))


def _apps(portal: Portal, _: Body) -> Body:
    """Without their secrets and tokens, which installing them or `apps/grant` gives."""
    shown = ("id", "client_id", "user_id", "scopes", "redirect_uri", "finished", "paid")
    apps = [one for one in portal.books.apps if not one.removed]
    return {"apps": [{name: getattr(one, name) for name in shown} for one in apps]}


def _set_features(portal: Portal, body: Body) -> Body:
    for code, on in body.items():
        portal.set_feature(code, on=bool(on))
    return {"features": portal.books.features}


ORDERS: dict[tuple[str, str], Order] = {
    ("GET", "stats"): _stats,
    ("GET", "state"): _state,
    ("POST", "state"): _set_state,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): lambda portal, _: portal.faults.clear(),
    ("POST", "insert"): lambda portal, body: {"ids": portal.insert(**body)},
    ("POST", "change"): _change,
    ("POST", "burst"): _burst,
    ("POST", "delete"): _delete,
    ("GET", "bin"): lambda portal, body: {"ids": portal.bin(**_of(body))},
    ("POST", "restore"): _restore,
    ("POST", "merge"): _merge,
    ("POST", "work"): _work,
    ("POST", "busy"): _busy,
    ("POST", "clock"): _move_clock,
    ("POST", "limits"): _set_limits,
    ("POST", "fields"): _add_fields,
    ("DELETE", "fields"): _remove_fields,
    ("POST", "fields/rename"): lambda portal, body: portal.rename_field(**body),
    ("POST", "fields/retype"): lambda portal, body: {"id": portal.retype_field(**body).id},
    ("POST", "rights"): lambda portal, body: portal.set_rights(**body),
    ("POST", "credential"): _set_credential,
    ("GET", "apps"): _apps,
    ("POST", "apps"): _install,
    ("DELETE", "apps"): lambda portal, body: portal.uninstall_app(**body),
    ("POST", "apps/change"): lambda portal, body: portal.change_app(**body),
    ("POST", "apps/grant"): lambda portal, body: asdict(portal.grant(**body)),
    ("POST", "apps/expire"): lambda portal, body: portal.expire_tokens(**body),
    ("POST", "apps/revoke"): lambda portal, body: portal.revoke_tokens(**body),
    ("POST", "features"): _set_features,
    ("GET", "handlers"): _handlers,
    ("POST", "handlers"): lambda portal, body: asdict(portal.add_handler(**body)),
    ("DELETE", "handlers"): lambda portal, body: {"removed": portal.remove_handler(int(body["id"]))},
    ("POST", "events"): _take_events,
}
"""Requests of the control door by verb and name."""
