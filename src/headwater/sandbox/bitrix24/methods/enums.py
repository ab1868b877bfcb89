"""crm.enum.* and the descriptions of small things: what the numbers in activities and addresses mean."""

from functools import partial
from typing import Any

from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.fields import Field
from headwater.sandbox.bitrix24.userfields import described

_CRM = ("crm",)
_ENUMS: dict[str, dict[int, str]] = {
    "activitydirection": {0: "", 1: "Входящее", 2: "Исходящее"},
    "activitynotifytype": {0: "", 1: "мин.", 2: "ч.", 3: "дн."},
    "activitypriority": {0: "", 1: "низкая", 2: "средняя", 3: "высокая"},
    "activitystatus": {0: "", 1: "Ожидается", 2: "Завершено", 3: "Завершено автоматически"},
    "activitytype": {
        0: "", 1: "Встреча", 2: "Звонок", 3: "Задача", 4: "Письмо", 5: "Действие",
        6: "Пользовательское действие",
    },
    "addresstype": {
        11: "Адрес доставки", 1: "Фактический адрес", 6: "Юридический адрес", 4: "Адрес регистрации",
        8: "Адрес для корреспонденции", 9: "Адрес бенефициара",
    },
    "contenttype": {0: "", 1: "Plain text", 2: "bbCode", 3: "HTML"},
    "settings.mode": {1: "Классическая CRM", 2: "Простая CRM"},
}  # fmt: skip
_DESCRIBED: dict[str, tuple[Field, ...]] = {
    "crm.enum.fields": (
        Field("ID", "int", "ID", readonly=True),
        Field("NAME", "string", "Название", readonly=True),
        Field("SYMBOL_CODE", "string", "Символьный код", readonly=True),
        Field("SYMBOL_CODE_SHORT", "string", "Краткий символьный код", readonly=True),
    ),
    "crm.multifield.fields": (
        Field("ID", "int", "ID", readonly=True),
        Field("TYPE_ID", "string", "Тип поля", readonly=True),
        Field("VALUE", "string", "Значение"),
        Field("VALUE_TYPE", "string", "Тип значения"),
    ),
    "crm.activity.communication.fields": (
        Field("ID", "integer", "ID", readonly=True),
        Field("ACTIVITY_ID", "integer", "Дело", readonly=True),
        Field("ENTITY_ID", "integer", "ID элемента сущности"),
        Field("ENTITY_TYPE_ID", "integer", "Тип сущности"),
        Field("TYPE", "string", "Тип"),
        Field("VALUE", "string", "Значение"),
    ),
    "crm.dealcategory.fields": (
        Field("ID", "integer", "ID", readonly=True),
        Field("CREATED_DATE", "datetime", "Дата создания", readonly=True),
        Field("NAME", "string", "Название", required=True),
        Field("SORT", "integer", "Сортировка"),
        Field("IS_LOCKED", "char", "Заблокирован", readonly=True),
    ),
}


def _enum(name: str, _: Call) -> Outcome:
    rows: list[dict[str, Any]] = [
        {"ID": number, "NAME": title, "SYMBOL_CODE": None, "SYMBOL_CODE_SHORT": None}
        for number, title in _ENUMS[name].items()
    ]
    return Outcome(rows)


def _fields(name: str, _: Call) -> Outcome:
    return Outcome({field.name: described(field, item=False) for field in _DESCRIBED[name]})


def _order_owners(_: Call) -> Outcome:
    """Orders of the shop belong to deals."""
    return Outcome([{"attribute": "DYN", "code": "DEAL", "id": 2, "name": "Сделка"}])


METHODS: Methods = {
    **{f"crm.enum.{name}": Method(partial(_enum, name), _CRM) for name in _ENUMS},
    **{name: Method(partial(_fields, name), _CRM) for name in _DESCRIBED},
    "crm.enum.getorderownertypes": Method(_order_owners, _CRM),
}
