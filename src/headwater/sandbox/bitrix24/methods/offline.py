"""The queue of offline events, as an application reads it: reserve, work, clear; or put away as erroneous."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import argument
from headwater.sandbox.bitrix24.lists import PAGE
from headwater.sandbox.bitrix24.methods.apps import OFFLINE, app_of, planned, required
from headwater.sandbox.bitrix24.offline import OF_GET, OF_LIST, Queue

_MOST = 2**31 - 1


def _queue(call: Call) -> Queue:
    app = app_of(call)
    planned(call, OFFLINE)
    return Queue(app.id, call.text("auth_connector"))


def _get(call: Call) -> Outcome:
    """The next entries. With `clear=0` they stay, out of sight, under the `process_id` that comes back; with
    that `process_id` the same ones come again. What is shown and not kept is gone, also then."""
    queue, offline = _queue(call), call.portal.offline
    choice = offline.chosen(call.map("filter"), call.map("order"), OF_GET)
    limit = PAGE if call.get("limit") is None else min(call.integer("limit"), _MOST)
    if limit <= 0:
        raise argument("Value must be positive integer: LIMIT")
    process: str | None = call.text("process_id")
    if process and call.get("limit") is None:
        limit = _MOST
    if not process:
        process = offline.reserve(queue, choice, limit, parked=call.integer("error") == 1)
    events = offline.pack(queue, process, choice, limit) if process else []
    clear = call.get("clear") is None or call.integer("clear") != 0
    if clear and process:
        offline.clear(queue.app, process, "id", [one["ID"] for one in events])
    return Outcome({"process_id": None if clear else process, "events": events})


def _list(call: Call) -> Outcome:
    queue = _queue(call)
    choice = call.portal.offline.chosen(call.map("filter"), call.map("order") or {"ID": "ASC"}, OF_LIST)
    start = min(max(call.integer("start"), 0), _MOST)
    rows, total = call.portal.offline.page(queue, choice, start, PAGE)
    return Outcome(rows, total, start + PAGE if start + PAGE < total else None)


def _clear(call: Call) -> Outcome:
    app, process = _queue(call).app, required(call, "process_id")
    for name, column in (("id", "id"), ("message_id", "message")):
        if (given := call.get(name)) is not None:
            call.portal.offline.clear(app, process, column, [php.text(one) for one in php.as_list(given)])
            return Outcome(True)
    call.portal.offline.clear(app, process)
    return Outcome(True)


def _error(call: Call) -> Outcome:
    app, process = _queue(call).app, required(call, "process_id")
    given = call.get("message_id")
    messages = None if given is None else [php.text(one) for one in php.as_list(given)]
    call.portal.offline.park(app, process, messages)
    return Outcome(True)


METHODS: Methods = {
    "event.offline.get": Method(_get, app_only=True),
    "event.offline.list": Method(_list, app_only=True),
    "event.offline.clear": Method(_clear, app_only=True),
    "event.offline.error": Method(_error, app_only=True),
}
