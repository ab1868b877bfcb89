"""The CRM's reference books: lists, pipelines and their stages, currencies, the mode."""

from typing import Any

from headwater.sandbox.bitrix24.books import Currency, Status
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered

_CRM = ("crm",)
_MEANING = {None: "process", "S": "success", "F": "failure"}
_CREATED = "2021-03-01T10:00:00+03:00"


def _status(status: Status) -> dict[str, Any]:
    meaning = "apology" if status.code.endswith("APOLOGY") else _MEANING[status.semantics]
    return {
        "ID": str(status.id),
        "ENTITY_ID": status.book,
        "STATUS_ID": status.code,
        "NAME": status.name,
        "NAME_INIT": status.name if status.system else "",
        "SORT": str(status.sort),
        "SYSTEM": "Y" if status.system else "N",
        "CATEGORY_ID": None if status.category is None else str(status.category),
        "COLOR": status.color,
        "SEMANTICS": status.semantics,
        "EXTRA": {"SEMANTICS": meaning, "COLOR": status.color},
    }


def _statuses(call: Call) -> Outcome:
    rows = [_status(status) for status in call.portal.books.statuses]
    rows = ordered(narrowed(rows, call.map("filter")), call.map("order"))
    return Outcome(rows, len(rows))


def _categories(call: Call) -> Outcome:
    if call.integer("entityTypeId") != 2:
        raise Refused(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    rows: list[dict[str, Any]] = []
    for pipeline in sorted(call.portal.books.pipelines, key=lambda one: one.sort):
        row = {"id": pipeline.id, "name": pipeline.name, "sort": pipeline.sort, "entityTypeId": 2}
        default = (
            {"isDefault": "N", "originId": "", "originatorId": ""} if pipeline.id else {"isDefault": "Y"}
        )
        rows.append(row | default)
    return Outcome({"categories": rows}, len(rows))


def _deal_categories(call: Call) -> Outcome:
    rows = [
        {
            "ID": str(pipeline.id),
            "CREATED_DATE": _CREATED,
            "NAME": pipeline.name,
            "SORT": str(pipeline.sort),
            "IS_LOCKED": "N",
        }
        for pipeline in call.portal.books.pipelines
        if pipeline.id
    ]
    return Outcome(rows, len(rows))


def _default_category(call: Call) -> Outcome:
    pipeline = call.portal.books.pipeline(0)
    return Outcome({"ID": 0, "NAME": pipeline.name if pipeline else ""})


def _stages(call: Call) -> Outcome:
    stages = call.portal.books.stages(call.integer("id"))
    return Outcome([{"NAME": stage.name, "SORT": stage.sort, "STATUS_ID": stage.code} for stage in stages])


def _currency(at: int, currency: Currency) -> dict[str, Any]:
    return {
        "CURRENCY": currency.code,
        "AMOUNT_CNT": str(currency.count),
        "AMOUNT": currency.amount,
        "SORT": str(100 * (at + 1)),
        "BASE": "Y" if currency.base else "N",
        "FULL_NAME": currency.name,
        "LID": "ru",
        "FORMAT_STRING": currency.format,
        "DEC_POINT": ".",
        "THOUSANDS_SEP": currency.separator,
        "DECIMALS": "2",
        "DATE_UPDATE": _CREATED,
    }


def _currencies(call: Call) -> Outcome:
    """The vendor's own sample counts no rows here: `total` is 0."""
    return Outcome([_currency(at, one) for at, one in enumerate(call.portal.books.currencies)], 0)


def _base(call: Call) -> Outcome:
    return Outcome(call.portal.books.base_currency())


def _mode(_: Call) -> Outcome:
    return Outcome(1)


METHODS: Methods = {
    "crm.status.list": Method(_statuses, _CRM),
    "crm.category.list": Method(_categories, _CRM),
    "crm.dealcategory.list": Method(_deal_categories, _CRM),
    "crm.dealcategory.default.get": Method(_default_category, _CRM),
    "crm.dealcategory.stage.list": Method(_stages, _CRM),
    "crm.currency.list": Method(_currencies, _CRM),
    "crm.currency.base.get": Method(_base, _CRM),
    "crm.settings.mode.get": Method(_mode, _CRM),
}
