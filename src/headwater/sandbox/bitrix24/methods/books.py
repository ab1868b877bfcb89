"""The CRM's reference books: pipelines and their stages, currencies, the mode."""

from typing import Any

from headwater.sandbox.bitrix24.books import Currency, Pipeline
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, not_found
from headwater.sandbox.bitrix24.fields import Field
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered
from headwater.sandbox.bitrix24.userfields import described

_CRM = ("crm",)
_CREATED = "2021-03-01T10:00:00+03:00"
_CATEGORY = (
    Field("ID", "integer", "ID", readonly=True),
    Field("NAME", "string", "NAME"),
    Field("SORT", "integer", "SORT"),
    Field("ENTITY_TYPE_ID", "integer", "ENTITY_TYPE_ID", required=True, readonly=True),
    Field("IS_DEFAULT", "boolean", "IS_DEFAULT", readonly=True),
    Field("ORIGIN_ID", "string", "ORIGIN_ID"),
    Field("ORIGINATOR_ID", "string", "ORIGINATOR_ID"),
)


def _categories(call: Call) -> Outcome:
    """Deals and smart processes have pipelines; leads have none."""
    rows = [_category(one) for one in sorted(_funnels(call), key=lambda one: one.sort)]
    return Outcome({"categories": rows}, len(rows))


def _funnels(call: Call) -> list[Pipeline]:
    number = call.integer("entityTypeId")
    if number != 2 and number not in [one.type_id for one in call.portal.books.processes]:
        raise Refused(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    return call.portal.books.funnels(number)


def _category(pipeline: Pipeline) -> dict[str, Any]:
    """The general pipeline of deals, which is their default one, has no origin."""
    shown = {
        "id": pipeline.id,
        "name": pipeline.name,
        "sort": pipeline.sort,
        "entityTypeId": pipeline.type_id,
    }
    if pipeline.type_id == 2 and not pipeline.id:
        return shown | {"isDefault": "Y"}
    default = "N" if pipeline.type_id == 2 else "Y"
    return shown | {"isDefault": default, "originId": "", "originatorId": ""}


def _one_category(call: Call) -> Outcome:
    if call.get("id") is None:
        raise Refused(400, "100", "Could not find value for parameter {id}")
    pipeline = next((one for one in _funnels(call) if one.id == call.integer("id")), None)
    if pipeline is None:
        raise Refused(400, "NOT_FOUND", "Element not found")
    return Outcome({"category": _category(pipeline)})


def _category_fields(call: Call) -> Outcome:
    _funnels(call)
    return Outcome({"fields": {one.item_name: described(one, item=True) for one in _CATEGORY}})


def _deal_categories(call: Call) -> Outcome:
    rows = [_deal_category(pipeline) for pipeline in call.portal.books.pipelines if pipeline.id]
    rows = ordered(narrowed(rows, call.map("filter")), call.map("order"))
    return Outcome(rows, len(rows))


def _deal_category(pipeline: Pipeline) -> dict[str, Any]:
    shown = {"ID": str(pipeline.id), "CREATED_DATE": _CREATED, "NAME": pipeline.name}
    return shown | {"SORT": str(pipeline.sort), "IS_LOCKED": "N"}


def _pipeline(call: Call) -> Pipeline:
    pipeline = call.portal.books.pipeline(call.integer("id"))
    if pipeline is None:
        raise not_found()
    return pipeline


def _deal_category_get(call: Call) -> Outcome:
    return Outcome(_deal_category(_pipeline(call)))


def _deal_category_status(call: Call) -> Outcome:
    """The name of the list its stages are in."""
    return Outcome(_pipeline(call).book)


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
    rows = [_currency(at, one) for at, one in enumerate(call.portal.books.currencies)]
    return Outcome(ordered(rows, call.map("order")), 0)


def _currency_get(call: Call) -> Outcome:
    """A currency with what it is called in each language."""
    code, several = call.text("id"), call.portal.books.currencies
    found = next(((at, one) for at, one in enumerate(several) if one.code == code), None)
    if found is None:
        raise not_found()
    shown = _currency(*found)
    names = ("FORMAT_STRING", "FULL_NAME", "DEC_POINT", "THOUSANDS_SEP", "DECIMALS")
    words = {name: shown[name] for name in names} | {"THOUSANDS_VARIANT": "B", "HIDE_ZERO": "Y"}
    return Outcome(shown | {"LANG": dict.fromkeys(("en", "ru"), words)})


def _base(call: Call) -> Outcome:
    return Outcome(call.portal.books.base_currency())


def _mode(_: Call) -> Outcome:
    return Outcome(1)


METHODS: Methods = {
    "crm.category.list": Method(_categories, _CRM),
    "crm.category.get": Method(_one_category, _CRM),
    "crm.category.fields": Method(_category_fields, _CRM),
    "crm.dealcategory.get": Method(_deal_category_get, _CRM),
    "crm.dealcategory.status": Method(_deal_category_status, _CRM),
    "crm.dealcategory.list": Method(_deal_categories, _CRM),
    "crm.dealcategory.default.get": Method(_default_category, _CRM),
    "crm.dealcategory.stage.list": Method(_stages, _CRM),
    "crm.currency.list": Method(_currencies, _CRM),
    "crm.currency.get": Method(_currency_get, _CRM),
    "crm.currency.base.get": Method(_base, _CRM),
    "crm.settings.mode.get": Method(_mode, _CRM),
}
