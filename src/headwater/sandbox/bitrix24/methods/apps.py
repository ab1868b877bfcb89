"""What only an application may ask: what it is, which events there are, and who is told of them."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import App, Handler
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, app_only, argument, forbidden
from headwater.sandbox.bitrix24.events import BELL, KNOWN, OWN, TEST, known
from headwater.sandbox.bitrix24.limits import Plan

OFFLINE, CONNECTOR = "rest_offline_extended", "rest_auth_connector"
"""What a plan must have for offline events, and for queues of their own for connectors."""

_LICENSES = {Plan.STANDARD: ("pro", "pro100"), Plan.ENTERPRISE: ("ent", "ent250")}
_MOST_SECONDS = 86_400


def app_of(call: Call) -> App:
    """The application that asks."""
    if call.app is None:
        raise app_only()
    return call.app


def planned(call: Call, feature: str) -> None:
    """Refuses what the portal's plan does not have."""
    if call.portal.books.features.get(feature) != "Y":
        raise forbidden("Available only on extended plans")


def required(call: Call, name: str) -> str:
    """A parameter that must be there."""
    if not (text := call.text(name)):
        raise argument(f"Argument '{name.upper()}' is null or empty")
    return text


def _info(call: Call) -> Outcome:
    app = app_of(call)
    family, type_ = _LICENSES[call.portal.limits.rules.plan]
    return Outcome(
        {
            "ID": app.id,
            "CODE": app.client_id,
            "VERSION": app.version,
            "STATUS": "L",
            "INSTALLED": app.finished,
            "PAYMENT_EXPIRED": "N",
            "DAYS": None,
            "LANGUAGE_ID": "ru",
            "LICENSE": f"ru_{type_}",
            "LICENSE_TYPE": type_,
            "LICENSE_FAMILY": family,
        }
    )


def _events(call: Call) -> Outcome:
    """Those of the scopes of the application, of one scope, or (FULL) all."""
    processes = [one.type_id for one in call.portal.books.processes]
    of_crm = [name for name in KNOWN if name not in OWN]
    of_crm += [f"ONCRMDYNAMICITEM{verb}_{one}" for one in processes for verb in ("ADD", "UPDATE", "DELETE")]
    scope = call.get("scope")
    if scope is not None:
        return Outcome(of_crm if php.text(scope) == "crm" else [])
    return Outcome([*OWN, *(of_crm if call.flag("full") or "crm" in call.scopes else ())])


def _bind(call: Call) -> Outcome:
    app, name = app_of(call), required(call, "event").upper()
    offline = _offline(call)
    if not known(name) or (name not in OWN and "crm" not in call.scopes) or (offline and name in OWN):
        raise Refused(400, "ERROR_EVENT_NOT_FOUND", "Event not found")
    words = _offline_words(call) if offline else _online_words(call)
    url = "" if offline else required(call, "handler")
    if any(_same(one, name, url, words) for one in call.portal.events.of(app)):
        raise Refused(
            400, "ERROR_HANDLER_ALREADY_EXIST", "Unable to set event handler: Handler already binded"
        )
    try:
        call.portal.events.bind_app(app, url, [name], **words)
    except ValueError as exc:
        raise Refused(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL") from exc
    call.portal.save()
    return Outcome(True)


def _offline(call: Call) -> bool:
    kind = call.text("event_type").lower() or "online"
    if kind not in ("online", "offline"):
        raise argument("Value must be one of {online|offline}: EVENT_TYPE")
    return kind == "offline"


def _offline_words(call: Call) -> dict[str, Any]:
    if not call.person.admin:
        raise forbidden("Access denied! Offline events binding requires administrator access rights")
    planned(call, OFFLINE)
    connector = call.text("auth_connector")
    if connector:
        planned(call, CONNECTOR)
    return {"offline": True, "connector": connector}


def _online_words(call: Call) -> dict[str, Any]:
    """Only an admin lets events come with the token of somebody else, or of whoever made the change."""
    given = call.integer("auth_type")
    if not call.person.admin and given not in (0, call.person.id):
        text = "Access denied! Event binding with AUTH_TYPE requires administrator access rights"
        raise forbidden(text)
    if given and call.portal.books.person(given) is None:
        raise argument("Argument 'AUTH_TYPE' is no user")
    words: dict[str, Any] = {"auth_type": given if call.person.admin else call.person.id}
    pause = {key.lower(): value for key, value in call.map("options").items()}.get("mintimeout")
    if call.text("event").upper() == BELL and pause is not None:
        words["pause_seconds"] = float(min(max(php.integer(pause), 0), _MOST_SECONDS))
    return words


def _same(one: Handler, name: str, url: str, words: dict[str, Any]) -> bool:
    mine = (words.get("offline", False), words.get("connector", ""), words.get("auth_type", 0))
    return name in one.events and (one.url, one.offline, one.connector, one.auth_type) == (url, *mine)


def _unbind(call: Call) -> Outcome:
    """What is not said is not asked for: without `handler` the handlers at all addresses go."""
    app, name, offline = app_of(call), required(call, "event").upper(), _offline(call)
    if not call.person.admin:
        raise forbidden("Access denied! Event unbinding requires administrator access rights")
    found = [
        one
        for one in call.portal.events.of(app)
        if name in one.events
        and one.offline == offline
        and (offline or call.get("handler") is None or one.url == call.text("handler"))
        and (call.get("auth_type") is None or one.auth_type == call.integer("auth_type"))
        and (call.get("auth_connector") is None or one.connector == call.text("auth_connector"))
    ]
    for one in found:
        one.events.remove(name)
        if not one.events:
            call.portal.events.unbind(one.id)
    call.portal.save()
    return Outcome({"count": len(found)})


def _get(call: Call) -> Outcome:
    """An admin sees all handlers of the application, others those that act for them."""
    rows = [
        {"event": name, "handler": one.url, "auth_type": str(one.auth_type), "offline": int(one.offline)}
        for one in call.portal.events.of(app_of(call))
        if call.person.admin or one.auth_type == call.person.id
        for name in one.events
    ]
    return Outcome(rows)


def _test(call: Call) -> Outcome:
    sent = {name: value for name, value in call.params.items() if name != "auth"}
    call.portal.events.tell_app(app_of(call), TEST, {"QUERY": sent, "LANGUAGE_ID": "ru"})
    return Outcome(1)


METHODS: Methods = {
    "app.info": Method(_info, app_only=True),
    "events": Method(_events, app_only=True),
    "event.bind": Method(_bind, app_only=True),
    "event.unbind": Method(_unbind, app_only=True),
    "event.get": Method(_get, app_only=True),
    "event.test": Method(_test, app_only=True),
}
