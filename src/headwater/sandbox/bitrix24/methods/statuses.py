"""The CRM's lists by REST: their entries, which lists there are, what an entry consists of."""

from typing import Any

from headwater.sandbox.bitrix24.books import Books, Pipeline, Status
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, no_id, not_found
from headwater.sandbox.bitrix24.fields import Field
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered
from headwater.sandbox.bitrix24.userfields import described

_CRM = ("crm",)
_MEANING = {None: "process", "S": "success", "F": "failure"}
_TITLES = {
    "SOURCE": "Источники", "CONTACT_TYPE": "Тип контакта", "COMPANY_TYPE": "Тип компании",
    "EMPLOYEES": "Кол-во сотрудников", "INDUSTRY": "Сфера деятельности", "DEAL_TYPE": "Тип сделки",
    "HONORIFIC": "Обращения",
}  # fmt: skip
_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("ENTITY_ID", "string", "ID элемента сущности", immutable=True, required=True),
    Field("STATUS_ID", "string", "Статус", immutable=True, required=True),
    Field("SORT", "integer", "Сортировка"),
    Field("NAME", "string", "Название", required=True),
    Field("NAME_INIT", "string", "Название по умолчанию", readonly=True),
    Field("SYSTEM", "char", "Системный", readonly=True),
    Field("CATEGORY_ID", "integer", "CATEGORY_ID", immutable=True),
    Field("COLOR", "string", "COLOR"),
    Field("SEMANTICS", "char", "SEMANTICS", immutable=True),
    Field("EXTRA", "crm_status_extra", "Дополнительные поля"),
)


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


def _list(call: Call) -> Outcome:
    rows = [_status(status) for status in call.portal.books.statuses]
    rows = ordered(narrowed(rows, call.map("filter")), call.map("order"))
    return Outcome(rows, len(rows))


def _get(call: Call) -> Outcome:
    number = call.integer("id")
    if number <= 0:
        raise no_id()
    found = next((one for one in call.portal.books.statuses if one.id == number), None)
    if found is None:
        raise not_found()
    shown = _status(found)
    del shown["EXTRA"]
    return Outcome(shown)


def _fields(_: Call) -> Outcome:
    return Outcome({field.name: described(field, item=False) for field in _FIELDS})


def _types(call: Call) -> Outcome:
    """Every list, with where its stages begin and end when it is one of stages."""
    books = call.portal.books
    lead = {"ID": "STATUS", "NAME": "Стадии лидов", "SEMANTIC_INFO": _ends(books, "STATUS")}
    rows: list[dict[str, Any]] = [lead | {"ENTITY_TYPE_ID": 1}]
    rows += [{"ID": book, "NAME": title} for book, title in _TITLES.items() if books.entries(book)]
    rows += [_of_deals(books, pipeline) for pipeline in books.pipelines]
    for process in books.processes:
        rows += [_of_process(process.title, pipeline) for pipeline in process.pipelines]
    return Outcome(rows)


def _of_deals(books: Books, pipeline: Pipeline) -> dict[str, Any]:
    shown: dict[str, Any] = {"ID": pipeline.book, "NAME": f"Стадии сделок ({pipeline.name})"}
    ends = {"SEMANTIC_INFO": _ends(books, pipeline.book)}
    if not pipeline.id:
        return shown | ends | {"FIELD_ATTRIBUTE_SCOPE": "", "ENTITY_TYPE_ID": 2, "CATEGORY_ID": 0}
    return {
        **shown,
        "PARENT_ID": "DEAL_STAGE",
        **ends,
        "PREFIX": pipeline.prefix.rstrip(":"),
        "FIELD_ATTRIBUTE_SCOPE": f"category_{pipeline.id}",
        "ENTITY_TYPE_ID": 2,
        "CATEGORY_ID": str(pipeline.id),
    }


def _of_process(title: str, pipeline: Pipeline) -> dict[str, Any]:
    return {
        "ID": pipeline.book,
        "NAME": f"{title} ({pipeline.name})",
        "SEMANTIC_INFO": [],
        "PREFIX": pipeline.prefix.rstrip(":"),
        "FIELD_ATTRIBUTE_SCOPE": f"category_{pipeline.id}",
        "ENTITY_TYPE_ID": pipeline.type_id,
        "IS_ENABLED": True,
        "CATEGORY_ID": pipeline.id,
        "CATEGORY_NAME": pipeline.name,
        "CATEGORY_SORT": pipeline.sort,
        "IS_DEFAULT_CATEGORY": True,
    }


def _ends(books: Books, book: str) -> dict[str, Any]:
    entries = books.entries(book)
    ends = {one.semantics: one.code for one in reversed(entries) if one.semantics}
    return {
        "START_FIELD": entries[0].code if entries else "",
        "FINAL_SUCCESS_FIELD": ends.get("S", ""),
        "FINAL_UNSUCCESS_FIELD": ends.get("F", ""),
        "FINAL_SORT": 0,
    }


def _items(call: Call) -> Outcome:
    """The entries of one list; SORT is a number here."""
    book = call.text("entityId")
    if not book:
        raise Refused(400, "", "The parameter 'entityId' is not defined or empty.")
    entries = call.portal.books.entries(book)
    return Outcome([{"NAME": one.name, "SORT": one.sort, "STATUS_ID": one.code} for one in entries])


METHODS: Methods = {
    "crm.status.list": Method(_list, _CRM),
    "crm.status.get": Method(_get, _CRM),
    "crm.status.fields": Method(_fields, _CRM),
    "crm.status.entity.types": Method(_types, _CRM),
    "crm.status.entity.items": Method(_items, _CRM),
}
