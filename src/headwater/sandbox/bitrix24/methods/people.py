"""user.* and department.*: who works here, and where."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Department, Person
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.filters import split
from headwater.sandbox.bitrix24.methods.rows import Rows, narrowed, ordered, paged
from headwater.sandbox.bitrix24.values import moment, shown_moment

_USER = ("user", "user_basic", "user_brief")
_DEPARTMENT = ("department",)
_HIRED = "2021-03-01T00:00:00+00:00"
_DATES = ("DATE_REGISTER", "LAST_LOGIN", "PERSONAL_BIRTHDAY", "TIMESTAMP_X", "LAST_ACTIVITY_DATE")
_BROKEN = ("TIMESTAMP_X", "LAST_ACTIVITY_DATE")
"""Dates that can be filtered by, and are shown as an empty object."""

_USER_FIELDS = {
    "ID": "ID", "XML_ID": "Внешний код", "ACTIVE": "Активность", "NAME": "Имя", "LAST_NAME": "Фамилия",
    "SECOND_NAME": "Отчество", "TITLE": "Список пользователей", "EMAIL": "E-Mail",
    "LAST_LOGIN": "Последняя авторизация", "DATE_REGISTER": "Дата регистрации", "TIME_ZONE": "TIME_ZONE",
    "IS_ONLINE": "IS_ONLINE", "TIME_ZONE_OFFSET": "TIME_ZONE_OFFSET", "TIMESTAMP_X": "TIMESTAMP_X",
    "LAST_ACTIVITY_DATE": "LAST_ACTIVITY_DATE", "PERSONAL_GENDER": "Пол",
    "PERSONAL_PROFESSION": "Профессия", "PERSONAL_WWW": "Домашняя страничка",
    "PERSONAL_BIRTHDAY": "Дата рождения", "PERSONAL_PHOTO": "Фотография", "PERSONAL_ICQ": "ICQ",
    "PERSONAL_PHONE": "Личный телефон", "PERSONAL_FAX": "Факс", "PERSONAL_MOBILE": "Личный мобильный",
    "PERSONAL_PAGER": "Пейджер", "PERSONAL_STREET": "Улица проживания", "PERSONAL_CITY": "Город проживания",
    "PERSONAL_STATE": "Область / край", "PERSONAL_ZIP": "Почтовый индекс", "PERSONAL_COUNTRY": "Страна",
    "PERSONAL_MAILBOX": "Почтовый ящик", "PERSONAL_NOTES": "Дополнительные заметки",
    "WORK_PHONE": "Телефон компании", "WORK_COMPANY": "Компания", "WORK_POSITION": "Должность",
    "WORK_DEPARTMENT": "Отдел", "WORK_WWW": "Сайт компании", "WORK_FAX": "WORK_FAX",
    "WORK_PAGER": "WORK_PAGER", "WORK_STREET": "WORK_STREET", "WORK_MAILBOX": "WORK_MAILBOX",
    "WORK_CITY": "Город работы", "WORK_STATE": "WORK_STATE", "WORK_ZIP": "WORK_ZIP",
    "WORK_COUNTRY": "WORK_COUNTRY", "WORK_PROFILE": "WORK_PROFILE", "WORK_LOGO": "WORK_LOGO",
    "WORK_NOTES": "WORK_NOTES", "UF_SKYPE_LINK": "Ссылка на чат в Skype", "UF_ZOOM": "Zoom",
    "UF_EMPLOYMENT_DATE": "Дата принятия на работу", "UF_TIMEMAN": "Учет рабочего времени",
    "UF_DEPARTMENT": "Подразделения", "UF_INTERESTS": "Интересы", "UF_SKILLS": "Навыки",
    "UF_WEB_SITES": "Другие сайты", "UF_XING": "Xing", "UF_LINKEDIN": "LinkedIn",
    "UF_FACEBOOK": "Facebook", "UF_TWITTER": "Twitter", "UF_SKYPE": "Skype", "UF_DISTRICT": "Район",
    "UF_PHONE_INNER": "Внутренний телефон", "USER_TYPE": "USER_TYPE",
}  # fmt: skip
_DEPARTMENT_FIELDS = {
    "ID": "ID", "NAME": "Название подразделения", "SORT": "Сортировка",
    "PARENT": "Вышестоящее подразделение", "UF_HEAD": "Руководитель",
}  # fmt: skip


def _facts(person: Person) -> dict[str, Any]:
    """A person as filters see them."""
    return {
        "ID": str(person.id),
        "ACTIVE": person.active,
        "NAME": person.name,
        "LAST_NAME": person.last_name,
        "SECOND_NAME": "",
        "EMAIL": person.email,
        "LAST_LOGIN": "",
        "DATE_REGISTER": _HIRED,
        "IS_ONLINE": "N",
        "TIMESTAMP_X": person.changed or _HIRED,
        "LAST_ACTIVITY_DATE": person.changed or _HIRED,
        "TIME_ZONE": "",
        "PERSONAL_GENDER": person.gender,
        "PERSONAL_BIRTHDAY": "",
        "WORK_POSITION": person.position,
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [person.department],
        "UF_PHONE_INNER": person.phone,
        "USER_TYPE": "employee",
    }


def _shown(call: Call, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A person as answers show them; whoever may see them but briefly sees no addresses."""
    brief = not {"user", "user_basic"} & set(call.scopes)
    hidden = ("EMAIL", "UF_PHONE_INNER") if brief else ()
    return {name: {} if name in _BROKEN else value for name, value in facts.items() if name not in hidden}


def _me(call: Call) -> Outcome:
    return Outcome(_shown(call, _facts(call.person)))


def _users(call: Call) -> Outcome:
    """`sort` and `order` are texts here; an order map is tolerated, as clients send one."""
    given = call.get("filter") if php.is_array(call.get("filter")) else call.params
    rows = _sought(
        [_facts(one) for one in call.portal.books.people], php.as_map(given), call.portal.clock.zone
    )
    order = call.get("order")
    if php.is_array(order):
        by = {name.upper(): way for name, way in php.as_map(order).items()}
    else:
        by = {call.text("sort").upper() or "ID": order}
    shown = [_shown(call, row) for row in ordered(rows, by or {"ID": "ASC"})]
    names = {name.upper() for name in call.names("select")} & set(_USER_FIELDS)
    if names:
        shown = [{name: value for name, value in row.items() if name in names} for row in shown]
    return paged(call, shown, seconds=0.02)


def _sought(rows: Rows, given: Mapping[str, Any], zone: tzinfo) -> Rows:
    """The people a filter finds; a date that is none finds nobody."""
    for key, value in given.items():
        operator, name = split(key.upper())
        if name == "NAME_SEARCH":
            words = php.text(value).casefold().split()
            rows = [row for row in rows if all(word in _words(row) for word in words)]
        elif name in _DATES and not php.is_empty(value):
            wanted = moment(value, zone)
            dated = [row | {name: _in_zone(row[name], zone)} for row in rows] if wanted else []
            found = narrowed(dated, {operator + name: shown_moment(wanted)}) if wanted else []
            rows = [row for row in rows if row["ID"] in {one["ID"] for one in found}]
        elif name == "ACTIVE":
            yes = php.text(value).lower() in ("1", "y", "true")
            rows = narrowed(rows, {operator + name: "1" if yes else "0"})
        else:
            rows = narrowed(rows, {operator + name: value})
    return rows


def _words(row: Mapping[str, Any]) -> str:
    return f"{row['NAME']} {row['LAST_NAME']} {row['WORK_POSITION']}".casefold()


def _in_zone(value: str, zone: tzinfo) -> str:
    at = moment(value, zone)
    return shown_moment(at) if at else ""


def _departments(call: Call) -> Outcome:
    """Filters stand beside `sort` and `order`, which are texts; the whole company has no PARENT. Parameters
    are matched without regard to case, so SORT filters when it is a number and names a field otherwise."""
    rows: Rows = [_department(one) for one in call.portal.books.departments]
    by = call.text("sort").upper()
    wanted = {name: call.get(name) for name in ("ID", "NAME", "PARENT", "UF_HEAD")}
    if by.isdigit():
        wanted["SORT"], by = by, ""
    for name, value in wanted.items():
        if value is not None:
            rows = narrowed(rows, {name: value}, fields=(name,))
    return paged(call, ordered(rows, {by or "ID": call.get("order")}))


def _department(one: Department) -> dict[str, Any]:
    shown: dict[str, Any] = {"ID": str(one.id), "NAME": one.name, "SORT": one.sort}
    if one.parent:
        shown["PARENT"] = str(one.parent)
    return shown | ({"UF_HEAD": str(one.head)} if one.head else {})


METHODS: Methods = {
    "user.current": Method(_me, _USER),
    "user.get": Method(_users, _USER),
    "user.fields": Method(lambda _: Outcome(_USER_FIELDS), _USER),
    "department.get": Method(_departments, _DEPARTMENT),
    "department.fields": Method(lambda _: Outcome(_DEPARTMENT_FIELDS), _DEPARTMENT),
}
