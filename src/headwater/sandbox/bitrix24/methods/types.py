"""crm.type.*: which smart processes there are; crm.enum.ownertype: which entities at all."""

from typing import Any

from headwater.sandbox.bitrix24.books import Process
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered, paged

_CRM = ("crm",)
_MADE, _CHANGED = "2026-01-08T17:24:55+03:00", "2026-07-08T17:24:55+03:00"
_FLAGS = {
    "isCategoriesEnabled": "Y", "isStagesEnabled": "Y", "isBeginCloseDatesEnabled": "Y",
    "isClientEnabled": "Y", "isUseInUserfieldEnabled": "Y", "isLinkWithProductsEnabled": "Y",
    "isMycompanyEnabled": "Y", "isDocumentsEnabled": "N", "isSourceEnabled": "Y", "isObserversEnabled": "Y",
    "isRecyclebinEnabled": "Y", "isAutomationEnabled": "Y", "isBizProcEnabled": "N",
    "isSetOpenPermissions": "Y", "isPaymentsEnabled": "N", "isCountersEnabled": "N",
}  # fmt: skip
_OWNERS = (
    (1, "Лид", "LEAD", "L"), (2, "Сделка", "DEAL", "D"), (3, "Контакт", "CONTACT", "C"),
    (4, "Компания", "COMPANY", "CO"), (5, "Счёт (старая версия)", "INVOICE", "I"),
    (31, "Счёт", "SMART_INVOICE", "SI"), (7, "Предложение", "QUOTE", "Q"),
    (8, "Реквизиты", "REQUISITE", "RQ"), (36, "Документ", "SMART_DOCUMENT", "DO"),
)  # fmt: skip


def short_code(type_id: int) -> str:
    """How an entity is called in bindings and product rows: L, D, C, CO, or T with its number in hex."""
    return next((code for number, _, _, code in _OWNERS if number == type_id), f"T{type_id:x}")


def _type(process: Process) -> dict[str, Any]:
    return {
        "id": process.id,
        "title": process.title,
        "code": "",
        "createdBy": 1,
        "entityTypeId": process.type_id,
        "customSectionId": None,
        **_FLAGS,
        "createdTime": _MADE,
        "updatedTime": _CHANGED,
        "updatedBy": 1,
    }


def _whole(process: Process) -> dict[str, Any]:
    """A type as a get shows it: with what it is related to."""
    parents = [
        {"entityTypeId": number, "isChildrenListEnabled": "Y", "isPredefined": "Y" if number > 2 else "N"}
        for number in (3, 4, 1, 2)
    ]
    linked = {"CALENDAR_EVENT|UF_CRM_CAL_EVENT": "Y", "TASKS_TASK|UF_CRM_TASK": "Y"}
    linked["TASKS_TASK_TEMPLATE|UF_CRM_TASK"] = "Y"
    more = {"relations": {"parent": parents, "child": []}, "linkedUserFields": linked, "customSections": []}
    return _type(process) | more


def _processes(call: Call) -> list[Process]:
    if not call.person.admin:
        raise Refused(400, "ACCESS_DENIED", "Access denied")
    return call.portal.books.processes


def _list(call: Call) -> Outcome:
    rows = ordered(narrowed([_type(one) for one in _processes(call)], call.map("filter")), call.map("order"))
    return paged(call, rows, wrapper="types")


def _get(call: Call) -> Outcome:
    return _found([one for one in _processes(call) if one.id == call.integer("id")])


def _by_entity(call: Call) -> Outcome:
    return _found([one for one in _processes(call) if one.type_id == call.integer("entityTypeId")])


def _found(processes: list[Process]) -> Outcome:
    if not processes:
        raise Refused(400, "NOT_FOUND", "Smart process not found")
    return Outcome({"type": _whole(processes[0])})


def _owner_types(call: Call) -> Outcome:
    rows = [*_OWNERS]
    rows += [
        (one.type_id, one.title, f"DYNAMIC_{one.type_id}", short_code(one.type_id))
        for one in call.portal.books.processes
    ]
    names = ("ID", "NAME", "SYMBOL_CODE", "SYMBOL_CODE_SHORT")
    return Outcome([dict(zip(names, row, strict=True)) for row in rows])


METHODS: Methods = {
    "crm.type.list": Method(_list, _CRM),
    "crm.type.get": Method(_get, _CRM),
    "crm.type.getbyentitytypeid": Method(_by_entity, _CRM),
    "crm.enum.ownertype": Method(_owner_types, _CRM),
}
