"""Who am I, what may I, what time is it, who works here: methods that need no CRM."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import ALL_SCOPES, Department, Person
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.lists import PAGE

_USER = ("user", "user_basic", "user_brief")


def _profile(call: Call) -> Outcome:
    person = call.person
    return Outcome(
        {
            "ID": str(person.id),
            "ADMIN": person.admin,
            "NAME": person.name,
            "LAST_NAME": person.last_name,
            "PERSONAL_GENDER": person.gender,
            "TIME_ZONE": "",
        }
    )


def _scope(call: Call) -> Outcome:
    return Outcome(list(ALL_SCOPES) if call.flag("full") else list(call.scopes))


def _time(call: Call) -> Outcome:
    return Outcome(call.portal.clock.shown())


def _feature(call: Call) -> Outcome:
    code = call.text("code")
    if not code:
        raise Refused(400, "CODE_EMPTY", "Code can't be empty")
    return Outcome({"value": call.portal.books.features.get(code, "N")})


def _user(person: Person, *, brief: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ID": str(person.id),
        "ACTIVE": person.active,
        "NAME": person.name,
        "LAST_NAME": person.last_name,
        "SECOND_NAME": "",
        "LAST_LOGIN": "",
        "DATE_REGISTER": "2021-03-01T00:00:00+00:00",
        "IS_ONLINE": "N",
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": {},
        "TIME_ZONE": "",
        "PERSONAL_GENDER": person.gender,
        "PERSONAL_BIRTHDAY": "",
        "WORK_POSITION": person.position,
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [person.department],
        "USER_TYPE": "employee",
    }
    return shown if brief else shown | {"EMAIL": person.email, "UF_PHONE_INNER": person.phone}


def _brief(call: Call) -> bool:
    return not {"user", "user_basic"} & set(call.scopes)


def _me(call: Call) -> Outcome:
    return Outcome(_user(call.person, brief=_brief(call)))


def _admin(call: Call) -> Outcome:
    return Outcome(call.person.admin)


def _users(call: Call) -> Outcome:
    """`sort` and `order` are texts here; an order map is tolerated, as clients send one."""
    given = call.get("filter") if php.is_array(call.get("filter")) else call.params
    rows = [_user(person, brief=_brief(call)) for person in call.portal.books.people]
    for key, value in php.as_map(given).items():
        rows = [row for row in rows if _passes(row, key, value)]
    order = call.get("order")
    if php.is_array(order):
        name, direction = next(iter(php.as_map(order).items()), ("ID", "ASC"))
    else:
        name, direction = call.text("sort") or "ID", php.text(order) or "ASC"
    rows.sort(key=lambda row: _sortable(row.get(str(name).upper())), reverse=str(direction).upper() == "DESC")
    start = call.integer("start")
    page = rows[max(start, 0) :][:PAGE]
    if start < 0:
        return Outcome(page, 0)
    return Outcome(page, len(rows), start + PAGE if start + PAGE < len(rows) else None)


def _sortable(value: Any) -> tuple[float, str]:
    text = php.text(value)
    return (float(php.number(text)) if text.isdigit() else 0.0, text)


def _passes(row: dict[str, Any], key: str, value: Any) -> bool:
    name = key.lstrip("><=!@").upper()
    if name not in row:
        return True
    prefix, mine = key[: len(key) - len(name)], row[name]
    if isinstance(mine, bool):
        wanted = php.text(value).lower() in ("1", "y", "true")
        return (mine == wanted) != prefix.startswith("!")
    if prefix in (">", ">=", "<", "<="):
        if php.text(value) == "":
            return True
        left, right = php.number(mine), php.number(value)
        return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[prefix]
    among = php.text(mine).casefold() in {php.text(one).casefold() for one in php.as_list(value)}
    return among != prefix.startswith("!")


def _departments(call: Call) -> Outcome:
    """Filters stand beside `sort` and `order`, which are texts; the whole company has no PARENT."""
    rows = [_department(one) for one in call.portal.books.departments]
    for name in ("ID", "NAME", "PARENT", "UF_HEAD"):  # SORT is taken: it names the field to sort by
        if (given := call.get(name)) is not None:
            wanted = {php.text(one).casefold() for one in php.as_list(given)}
            rows = [row for row in rows if php.text(row.get(name)).casefold() in wanted]
    by = call.text("sort").upper() or "ID"
    rows.sort(key=lambda row: _sortable(row.get(by)), reverse=call.text("order").upper() == "DESC")
    start = max(call.integer("start"), 0)
    return Outcome(rows[start:][:PAGE], len(rows), start + PAGE if start + PAGE < len(rows) else None)


def _department(one: Department) -> dict[str, Any]:
    shown: dict[str, Any] = {"ID": str(one.id), "NAME": one.name, "SORT": one.sort}
    if one.parent:
        shown["PARENT"] = str(one.parent)
    return shown | ({"UF_HEAD": str(one.head)} if one.head else {})


METHODS: Methods = {
    "profile": Method(_profile),
    "scope": Method(_scope),
    "server.time": Method(_time),
    "feature.get": Method(_feature),
    "user.current": Method(_me, _USER),
    "user.admin": Method(_admin),
    "user.get": Method(_users, _USER),
    "department.get": Method(_departments, ("department",)),
}
