"""One REST request from its parsed form to its answer: who may ask, what comes back, what goes wrong."""

from typing import Any

from headwater.sandbox.bitrix24 import oauth, php
from headwater.sandbox.bitrix24.answers import Answer, Request, page
from headwater.sandbox.bitrix24.batch import method_name, run_batch
from headwater.sandbox.bitrix24.books import Person
from headwater.sandbox.bitrix24.calls import Caller, Outcome
from headwater.sandbox.bitrix24.errors import (
    Refused,
    expired,
    https_required,
    not_commercial,
    operating_limit,
    overloaded,
    portal_deleted,
    too_many_requests,
    user_dismissed,
    wrong_credential,
)
from headwater.sandbox.bitrix24.faults import AFTER, FRONT, Fault, Kind
from headwater.sandbox.bitrix24.methods import BATCH
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.running import run, timing
from headwater.sandbox.bitrix24.state import State

REQUEST_SECONDS = 60.0
"""A request that takes longer is cut off by the cloud's front end."""


def answer(portal: Portal, request: Request) -> Answer:
    """The portal's answer, faults and all, counted in its statistics."""
    method = method_name(request.method)
    portal.stats.requests[method] += 1
    made = _answer(portal, request, method)
    slow = portal.faults.take(frozenset({Kind.SLOW}), method)
    if slow:
        made.wait_seconds += slow.seconds
    portal.stats.statuses[made.status] += 1
    return made


def _answer(portal: Portal, request: Request, method: str) -> Answer:
    try:
        front = _front(portal, request, method)
        if front:
            return front
        if request.oauth:
            made = oauth.authorized(portal, request, method)
        else:
            made = _served(portal, _caller(portal, request), method, request.params)
    except Refused as refused:
        portal.stats.errors[str(refused.body["error"])] += 1
        made = Answer(refused.status, php.encode(refused.body))
    after = portal.faults.take(AFTER, method)
    return _broken(made, after) if after else made


def _front(portal: Portal, request: Request, method: str) -> Answer | None:
    """What is decided before anybody asks who is calling."""
    if portal.strict_https and not request.https:
        raise https_required()
    if not request.oauth and not portal.limits.admit(request.client):
        raise too_many_requests()
    fault = portal.faults.take(FRONT, method)
    state = _STATES.get(fault.kind) if fault else None if request.oauth else portal.state
    if fault and fault.kind is Kind.QUERY_LIMIT:
        raise too_many_requests()
    if state is State.DELETED:
        raise portal_deleted()
    if state is State.UNPAID:
        raise not_commercial()
    if state is State.OVERLOADED:
        raise overloaded()
    if state is State.MOVED:
        host = fault.to if fault else portal.moved_to
        scheme = "https" if request.https else "http"
        return Answer(302, b"", "text/html", {"location": f"{scheme}://{host}{request.path}"})
    if fault and fault.kind is Kind.HTML:
        return page(fault.status or 502)
    if fault:
        return Answer(0, b"", dropped=fault.kind is Kind.DROP, hung=fault.kind is Kind.HANG)
    return None


_STATES = {
    Kind.DELETED: State.DELETED,
    Kind.UNPAID: State.UNPAID,
    Kind.OVERLOAD: State.OVERLOADED,
    Kind.MOVED: State.MOVED,
}


def _caller(portal: Portal, request: Request) -> Caller:
    """A webhook says who it is in the address, an application by its token."""
    if request.code:
        return _by_webhook(portal, request)
    token = php.text(request.params.get("auth"))
    app, user_id, _ = portal.apps.acting(token)
    connector = php.text(request.params.get("auth_connector"))
    credential = f"{app.client_id}/{user_id}"
    return Caller(credential, token, _person(portal, user_id), tuple(app.scopes), app, connector)


def _by_webhook(portal: Portal, request: Request) -> Caller:
    webhook = portal.books.webhook(request.user_id, request.code)
    if webhook is None:
        raise wrong_credential()
    if webhook.expired:
        raise expired()
    credential = f"{webhook.user_id}/{webhook.code}"
    return Caller(credential, webhook.code, _person(portal, webhook.user_id), tuple(webhook.scopes))


def _person(portal: Portal, user_id: int) -> Person:
    person = portal.books.person(user_id)
    if person is None or not person.active:
        raise user_dismissed()
    return person


def _served(portal: Portal, caller: Caller, method: str, params: dict[str, Any]) -> Answer:
    portal.disturb(method)
    began = portal.clock.time()
    if method == BATCH:
        tired = portal.faults.take(frozenset({Kind.OPERATION_LIMIT}), method) is not None
        if tired or portal.limits.blocked(caller.credential, BATCH):
            raise operating_limit()
        outcome = run_batch(portal, caller, params)
    else:
        outcome = run(portal, caller, method, params)
    if portal.limits.rules.on and outcome.seconds > REQUEST_SECONDS:
        return page(504)
    return Answer(200, php.encode(_envelope(outcome, timing(portal, caller, method, began, outcome.seconds))))


def _envelope(outcome: Outcome, took: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"result": outcome.result}
    if outcome.next is not None:
        shown["next"] = outcome.next
    if outcome.total is not None:
        shown["total"] = outcome.total
    return shown | {"time": took}


def _broken(made: Answer, fault: Fault) -> Answer:
    if fault.kind is Kind.DROP_AFTER:
        made.dropped = True
    elif fault.kind is Kind.CUT:
        made.body = made.body[: len(made.body) // 2]
    elif fault.kind is Kind.HTML_AFTER:
        return page(fault.status or 502)
    else:
        return page(200)
    return made
