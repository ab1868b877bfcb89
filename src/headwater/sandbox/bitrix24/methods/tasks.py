"""tasks.task.list and get: filtered by upper-case names, answered in camelCase, every number a text."""

from collections.abc import Iterable, Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Field, Table
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.methods.camel import (
    Render,
    camel_page,
    camel_where,
    field_of,
    record_of,
    selected,
)

_TASK = ("task",)
_AVATAR = "/bitrix/images/tasks/default_avatar.png"
_ACTIONS = (
    "accept", "decline", "complete", "approve", "disapprove", "start", "pause", "delegate", "remove", "edit",
    "defer", "renew", "create", "changeDeadline", "checklistAddItems", "addFavorite", "deleteFavorite",
    "rate", "take", "edit.originator", "checklist.reorder", "elapsedtime.add", "dayplan.timer.toggle",
    "edit.plan", "checklist.add", "favorite.add", "favorite.delete",
)  # fmt: skip
_NEVER = {"accept", "decline", "approve", "disapprove", "renew", "take", "edit.originator"}
_COUNTS = {
    "expired": 0, "newComments": 0, "projectExpired": 0, "projectNewComments": 0, "mutedExpired": 0,
    "mutedNewComments": 0,
}  # fmt: skip
_BESIDES: dict[str, Any] = {
    "lengthDeadline": "1", "taskRequireResult": "N", "taskHasOpenResult": "N", "taskHasResult": "N",
    "timeElapsed": None, "timerIsRunningForCurrentUser": "N",
    "counter": {"counters": _COUNTS, "color": "gray", "value": 0},
}  # fmt: skip
"""What a whole task says besides its fields."""

_LIST_SECONDS = 1.4
"""So slow is a page on real portals."""


def _seen(call: Call, table: Table, where: Where) -> Where:
    """Whoever is no admin sees the tasks they made, have to do, or watch."""
    if call.person.admin:
        return where
    mine = [f"{expression(table, table.fields[name])} = ?" for name in ("RESPONSIBLE_ID", "CREATED_BY")]
    watched = [
        f"exists (select 1 from json_each(data, '$[{table.slots[name]}]') where value = ?)"  # noqa: S608 (declared names)
        for name in ("ACCOMPLICES", "AUDITORS")
    ]
    me = call.person.id
    return where.also(Condition(f"({' or '.join(mine + watched)})", (me, me, str(me), str(me))))


def _list(call: Call) -> Outcome:
    table = call.portal.tables["task"]
    for name in call.map("order"):
        if field_of(table, name) is None:
            raise Refused(400, "0", "Invalid sorting key (internal error)")
    found = camel_page(
        call, table, "tasks", _seen(call, table, camel_where(call, table)), render=_render(call)
    )
    seconds = _LIST_SECONDS * len(found.result["tasks"]) / 50
    return Outcome(found.result, found.total, found.next, seconds)


def _render(call: Call) -> Render:
    """How a task is shown: its numbers as texts, people and tags as objects beside their ids."""

    def shown(record: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
        row = {one.item_name: record[one.name] for one in fields}
        if "tags" in row:
            row["tags"] = php.array(row["tags"])
        if "groupId" in row:
            row["group"] = []
        for name, key in (("responsibleId", "responsible"), ("createdBy", "creator")):
            if name in row:
                row[key] = _person(call, php.integer(row[name]))
        for name in ("accomplices", "auditors"):
            if name in row:
                people = {one: _person(call, php.integer(one)) for one in row[name]}
                row[f"{name}Data"] = php.array(people)
        if "description" in row and "guid" in row:
            row |= _BESIDES | {"parsedDescription": row["description"]}
        return row

    return shown


def _person(call: Call, number: int) -> dict[str, Any]:
    known = call.portal.books.person(number)
    name = f"{known.name} {known.last_name}".strip() if known else ""
    shown = {"id": str(number), "name": name, "link": f"/company/personal/user/{number}/", "icon": _AVATAR}
    return shown | {"workPosition": known.position if known else None}


def _get(call: Call) -> Outcome:
    """One task with what the caller may do to it; without a select with everything."""
    if call.get("taskId") is None:
        raise Refused(400, "100", "Could not find value for parameter {taskId}")
    table, number = call.portal.tables["task"], call.integer("taskId")
    record = record_of(call, table, number)
    mine = _seen(call, table, Where([Condition("id = ?", (number,))]))
    known = call.portal.store.select(f"select 1 from task where {mine.sql}", mine.arguments).fetchone()  # noqa: S608 (declared names)
    if record is None or known is None:
        raise Refused(400, "0", "Task not found or access denied.")
    fields = selected(call, table) if call.names("select") else list(table.fields.values())
    action = {name: name not in _NEVER for name in _ACTIONS}
    return Outcome({"task": _render(call)(record, fields) | {"action": action}}, seconds=0.2)


METHODS: Methods = {"tasks.task.list": Method(_list, _TASK), "tasks.task.get": Method(_get, _TASK)}
