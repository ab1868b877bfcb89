"""Filters of list methods: prefixes, arrays and OR groups, compiled to conditions on stored rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.errors import invalid_argument
from headwater.sandbox.bitrix24.fields import MULTIFIELD, Compare, Field, Table
from headwater.sandbox.bitrix24.values import moment, shown_day, shown_moment

_OPERATORS = ("!=%", "!%=", "!@", "!=", "!%", "=%", "%=", ">=", "<=", ">", "<", "@", "%", "=", "!")
_NOT_LIKE = {"!%", "!=%", "!%="}
_NEVER_LIKE = {"crm_status", "crm_contact", "crm_company"}


def fold(text: str) -> str:
    """Upper and lower case alike, as the portal's database compares words."""
    return text.casefold()


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(sign) or re.escape(sign) for sign in pattern), re.IGNORECASE | re.DOTALL
    )


def like(pattern: str, value: Any) -> bool:
    """SQL's LIKE, upper and lower case alike in every alphabet."""
    return value is not None and _pattern(pattern).fullmatch(str(value)) is not None


def has(text: str, value: Any) -> bool:
    """Whether a value holds a text, upper and lower case alike."""
    return value is not None and fold(text) in fold(str(value))


_EXTENSION = re.compile(r"доб|ext|#|,|;", re.IGNORECASE)


def digits(value: Any) -> str:
    """The digits of a phone number, without its extension and whatever else was written along with it."""
    return "".join(sign for sign in _EXTENSION.split(str(value or ""), maxsplit=1)[0] if sign.isdigit())


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `index` names the indexed field whose index alone can serve it, if one can."""

    sql: str
    arguments: tuple[Any, ...] = ()
    index: str = ""


NEVER = Condition("0")


@dataclass(slots=True)
class Where:
    """Conditions that must all hold."""

    conditions: list[Condition] = field(default_factory=list)

    def also(self, condition: Condition) -> "Where":
        return Where([*self.conditions, condition])

    @property
    def sql(self) -> str:
        return " and ".join(condition.sql for condition in self.conditions) or "1"

    @property
    def arguments(self) -> tuple[Any, ...]:
        return tuple(argument for condition in self.conditions for argument in condition.arguments)


def expression(table: Table, one: Field) -> str:
    """The SQL that yields a field of a stored row, in the form its type is compared in."""
    if one.name == "ID":
        return "id"
    value = f"data ->> {table.slots[one.name]}"
    number = one.compare is Compare.NUMBER and not one.multiple
    return f"cast(nullif({value}, '') as numeric)" if number else value


def classic(table: Table, given: Mapping[str, Any], zone: tzinfo, *, unlike: bool = False) -> Where:
    """The filter of a classic list: unknown fields and what such lists cannot do are silently ignored. Most
    of them cannot do NOT LIKE (`!%`); those of activities, products, orders and tasks can (`unlike`)."""
    where = Where()
    for key, value in given.items():
        operator, name = split(key)
        one = table.fields.get(name.upper())
        if one is None or not (one.listed or one.name == "ID") or (operator in _NOT_LIKE and not unlike):
            continue
        made = _condition(table, one, operator, value, zone)
        if made is not None:
            where.conditions.append(made)
    return where


def strict(table: Table, given: Mapping[str, Any], zone: tzinfo) -> Where:
    """The filter of crm.item.list: both kinds of names, OR groups, and an error for what is not known."""
    made = [
        one for one in (_part(table, key, value, zone) for key, value in given.items()) if one is not None
    ]
    if php.text(given.get("logic")).upper() != "OR" or len(made) < 2:
        return Where(made)
    together = " or ".join(f"({one.sql})" for one in made)
    return Where([Condition(f"({together})", tuple(a for one in made for a in one.arguments))])


def _part(table: Table, key: str, value: Any, zone: tzinfo) -> Condition | None:
    if key == "logic":
        return None
    if key.isdigit() and isinstance(value, Mapping):
        inner = strict(table, value, zone)
        return Condition(f"({inner.sql})", inner.arguments) if inner.conditions else None
    operator, name = split(key)
    one = table.called(name)
    if one is None or not (one.listed or one.name == "ID"):
        raise invalid_argument(f"Invalid filter: field '{name}' is not allowed in filter")
    if one.compare in (Compare.MOMENT, Compare.DAY):
        for member in php.as_list(value):
            if not php.is_empty(member) and "%" not in operator and moment(member, zone) is None:
                raise invalid_argument(f"Invalid filter: field '{name}' has invalid value")
    return _condition(table, one, operator, value, zone)


def split(key: str) -> tuple[str, str]:
    """A key of a filter as its prefix and its name."""
    for operator in _OPERATORS:
        if key.startswith(operator):
            return operator, key[len(operator) :]
    return "", key


def _condition(table: Table, one: Field, operator: str, value: Any, zone: tzinfo) -> Condition | None:
    """The condition, or None where the portal applies none (a comparison with nothing)."""
    negative, bare = operator.startswith("!"), operator.lstrip("!")
    if one.type == MULTIFIELD and bare not in ("", "=", "@"):
        return None
    if "%" in bare:
        return _like(table, one, bare, value, negative=negative)
    if bare in (">", ">=", "<", "<="):
        return None if php.is_array(value) or php.is_empty(value) else _compare(table, one, bare, value, zone)
    members = php.as_list(value) if php.is_array(value) else [value]
    return _member(table, one, members, zone, negative=negative)


def _bound(one: Field, value: Any, zone: tzinfo) -> Any:
    """A filter's value in the form the field is compared in; None when it is no date."""
    if one.compare is Compare.NUMBER:
        flag = {"Y": 1, "N": 0}.get(php.text(value).upper()) if one.type == "boolean" else None
        return php.number(value) if flag is None else flag
    if one.compare in (Compare.MOMENT, Compare.DAY):
        at = moment(value, zone)
        if at is None:
            return None
        return shown_moment(at) if one.compare is Compare.MOMENT else shown_day(at.date(), zone)
    return php.text(value)


def _compare(table: Table, one: Field, operator: str, value: Any, zone: tzinfo) -> Condition:
    bound = _bound(one, value, zone)
    if bound is None:
        return NEVER
    expr, collate = expression(table, one), _collate(one)
    if one.multiple:
        return Condition(
            f"exists (select 1 from json_each({_listed(table, one)}) where value {operator} ?)",  # noqa: S608 (declared names)
            (bound,),
        )
    filled = f" and {expr} <> ''" if operator.startswith("<") and one.compare is not Compare.NUMBER else ""
    return Condition(f"{expr} {operator} ?{collate}{filled}", (bound,), one.name if one.indexed else "")


def _member(table: Table, one: Field, members: list[Any], zone: tzinfo, *, negative: bool) -> Condition:
    expr, collate = expression(table, one), _collate(one)
    bounds = [_bound(one, member, zone) for member in members if not php.is_empty(member)]
    known = tuple(bound for bound in bounds if bound is not None)
    parts = []
    if known:
        marks = ", ".join("?" * len(known))
        parts.append(
            f"exists (select 1 from json_each({_listed(table, one)}) where {_each(one)} in ({marks}))"  # noqa: S608 (declared names)
            if one.multiple
            else f"{expr}{collate} in ({marks})"
        )
    if len(known) + sum(bound is None for bound in bounds) < len(members):
        parts.append(_empty(table, one))
    if not parts:
        return Condition("1") if negative else NEVER
    sql = parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"
    if negative:
        return Condition(f"not coalesce({sql}, 0)", known)
    return Condition(sql, known, one.name if one.indexed and len(parts) == 1 and known else "")


def _each(one: Field) -> str:
    """What is compared of each value of a multiple field."""
    return "value ->> 'VALUE'" if one.type == MULTIFIELD else "value"


def _listed(table: Table, one: Field) -> str:
    """The stored value as a JSON list: a multiple field without values is false."""
    slot = table.slots[one.name]
    return f"case when json_type(data, '$[{slot}]') = 'array' then data ->> {slot} else '[]' end"


def _empty(table: Table, one: Field) -> str:
    if one.name == "ID":
        return "0"
    value = f"data ->> {table.slots[one.name]}"
    nothing = "('', '0', 0, '[]')" if one.compare is Compare.NUMBER or one.multiple else "('')"
    return f"({value} is null or {value} in {nothing})"


def _like(table: Table, one: Field, operator: str, value: Any, *, negative: bool) -> Condition | None:
    if one.type in _NEVER_LIKE or php.is_array(value) or php.is_empty(value):
        return None
    kept = "id" if one.name == "ID" else f"data ->> {table.slots[one.name]}"
    sql = f"portal_{'has' if operator == '%' else 'like'}(?, {kept})"
    return Condition(f"not {sql}" if negative else sql, (php.text(value),))


def _collate(one: Field) -> str:
    return " collate portal" if one.compare is Compare.WORDS else ""
