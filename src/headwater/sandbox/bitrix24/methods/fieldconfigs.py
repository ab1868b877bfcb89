"""userfieldconfig.*: the custom fields of all entities, smart processes too, in camelCase."""

from typing import Any

from headwater.sandbox.bitrix24 import php, userfields
from headwater.sandbox.bitrix24.books import UserField
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import item_name
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered, paged

_SCOPE = ("userfieldconfig",)
_LABELS = ("editFormLabel", "listColumnLabel", "listFilterLabel")
_SILENT = ("errorMessage", "helpMessage")
_FILTERED = (
    "id", "entityId", "fieldName", "userTypeId", "xmlId", "sort", "multiple", "mandatory", "showFilter",
    "showInList", "editInList", "isSearchable",
)  # fmt: skip
_TYPES = {
    "crm": "Привязка к элементам CRM", "crm_status": "Привязка к справочникам CRM", "money": "Деньги",
    "employee": "Привязка к сотруднику", "string": "Строка", "integer": "Целое число", "double": "Число",
    "datetime": "Дата со временем", "date": "Дата", "boolean": "Да/Нет", "address": "Адрес",
    "url": "Ссылка", "file": "Файл", "enumeration": "Список",
    "iblock_section": "Привязка к разделам инф. блоков", "iblock_element": "Привязка к элементам инф. блоков",
    "resourcebooking": "Бронирование ресурсов",
}  # fmt: skip


def _check(call: Call) -> None:
    module = call.text("moduleId")
    if not module:
        raise Refused(400, "100", "Could not find value for parameter {moduleId}")
    if module != "crm":
        raise Refused(400, "", "No settings for UserFieldAccess")
    if "crm" not in call.scopes:
        raise Refused(400, "", "The current method required more scopes. (crm)")


def _config(field: UserField) -> dict[str, Any]:
    return {item_name(name): value for name, value in userfields.row(field).items() if name != "LIST"}


def _labels(field: UserField, languages: tuple[str, ...], *, maps: bool) -> dict[str, Any]:
    """The labels in these languages; what has none is null, or (`maps`) null in every language."""
    nothing = dict.fromkeys(languages) if maps else None
    return {
        "languageId": {one: one for one in languages},
        **dict.fromkeys(_LABELS, dict.fromkeys(languages, field.label)),
        **dict.fromkeys(_SILENT, nothing),
    }


def _list(call: Call) -> Outcome:
    """By sort and id unless another order is asked for; labels when `select` names a language."""
    _check(call)
    given, select = call.map("filter"), php.as_map(call.get("select"))
    language = php.text(select.pop("language", ""))
    fields = {str(one.id): one for one in call.portal.books.user_fields}
    rows = narrowed([_config(one) for one in fields.values()], given, fields=_FILTERED)
    rows = ordered(rows, call.map("order") or {"sort": "ASC", "id": "ASC"})
    if language:
        rows = [row | _labels(fields[row["id"]], (language,), maps=False) for row in rows]
    names = {php.text(one) for one in select.values()}
    if names and "*" not in names:
        kept = {*names, *(("languageId", *_LABELS, *_SILENT) if language else ())}
        rows = [{name: value for name, value in row.items() if name in kept} for row in rows]
    return paged(call, rows, wrapper="fields", seconds=0.05)


def _get(call: Call) -> Outcome:
    """One field with its labels in every language and, when it is a list, its options."""
    _check(call)
    found = next((one for one in call.portal.books.user_fields if one.id == call.integer("id")), None)
    if found is None:
        raise Refused(400, "", "User field not found")
    shown = _config(found) | _labels(found, userfields.LANGUAGES, maps=True)
    if found.type == "enumeration":
        shown["enum"] = [
            {name: option[key] for name, key in _OPTION.items()} | {"userFieldId": str(found.id)}
            for option in userfields.row(found)["LIST"]
        ]
    return Outcome({"field": shown})


_OPTION = {"id": "ID", "value": "VALUE", "def": "DEF", "sort": "SORT", "xmlId": "XML_ID"}


def _types(call: Call) -> Outcome:
    _check(call)
    own = {one.type: one.label for one in call.portal.books.user_fields if one.type.startswith("rest_")}
    known = _TYPES | own
    return Outcome(
        {"types": {name: {"userTypeId": name, "description": title} for name, title in known.items()}}
    )


METHODS: Methods = {
    "userfieldconfig.list": Method(_list, _SCOPE),
    "userfieldconfig.get": Method(_get, _SCOPE),
    "userfieldconfig.gettypes": Method(_types, _SCOPE),
}
