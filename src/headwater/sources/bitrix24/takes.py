"""How normalised columns are filled from a record's values: Bitrix24's words become ours."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import methodcaller
from typing import Any

import orjson

from headwater.core.model import Normal, Text, Values
from headwater.core.phone import e164

OWNERS = {1: "leads", 2: "deals", 3: "contacts", 4: "companies"}
NAMES = {"LEAD": "leads", "DEAL": "deals", "CONTACT": "contacts", "COMPANY": "companies"}
KINDS = {"1": "meeting", "2": "call", "3": "task", "4": "email"}
PROVIDERS = {
    "VOXIMPLANT_CALL": "call",
    "CRM_CALL_TRACKER": "call",
    "CRM_EMAIL": "email",
    "CRM_MEETING": "meeting",
    "CRM_TODO": "task",
    "CRM_TASKS_TASK": "task",
    "CRM_TASKS_TASK_COMMENT": "task",
    "TASKS": "task",
}
WAYS = {"1": "in", "2": "out"}
CALL_WAYS = {"1": "out", "2": "in", "3": "in", "4": "out", "5": "out"}
NEVER = "9999"  # the year of a deadline that is none


def column(name: str, origin: str) -> Normal:
    """A normalised column that repeats one field."""
    return Normal(name, methodcaller("get", origin))


def constant(name: str, value: str) -> Normal:
    """A normalised column that is the same for all."""
    return Normal(name, lambda values: value if values else None)


def entity_of(type_id: Any) -> str | None:
    """The slug of a type number (`items_177` of smart processes); None when it is none."""
    try:
        number = int(type_id)
    except (TypeError, ValueError):
        return None
    return OWNERS.get(number) or (f"items_{number}" if 128 <= number < 2**31 else None)


def full_name(values: Values) -> Text:
    """Name and surname."""
    return " ".join(part for key in ("NAME", "LAST_NAME") if (part := values.get(key))) or None


def first_value(name: str) -> Callable[[Values], Text]:
    """The first entry of a field of several phones or addresses."""
    return lambda values: _first(values.get(name))


def first_phone(name: str, region: str | None) -> Callable[[Values], Text]:
    """The first phone of a field in E.164, where it is one."""

    def take(values: Values) -> Text:
        phone = _first(values.get(name))
        return None if phone is None else e164(phone, region)

    return take


def phone(name: str, region: str | None) -> Callable[[Values], Text]:
    """A field that is one phone, in E.164."""

    def take(values: Values) -> Text:
        number = values.get(name)
        return None if number is None else e164(number, region)

    return take


def won(name: str) -> Callable[[Values], Text]:
    """true when the record's stage means success, false when it means failure, nothing while it is open."""
    return lambda values: {"S": "true", "F": "false"}.get(values.get(name) or "")


def converted(values: Values) -> Text:
    """Whether a lead became something."""
    semantics = values.get("STATUS_SEMANTIC_ID")
    return None if semantics is None else "true" if semantics == "S" else "false"


def closed_at(values: Values) -> Text:
    """The close date of a closed deal, as midnight at the portal; of an open one it is only a plan.

    The portal's offset is taken from when the deal was moved to its stage, so that both lie on the same
    side of a change to summer time.
    """
    day = values.get("CLOSEDATE")
    if day is None or values.get("STAGE_SEMANTIC_ID") not in ("S", "F"):
        return None
    moved = values.get("MOVED_TIME") or values.get("DATE_MODIFY") or values.get("DATE_CREATE")
    return f"{day}T00:00:00{moved[-6:] if moved else '+00:00'}"


def activity_type(values: Values) -> Text:
    """What kind of activity it is; those that a provider manages are known by it."""
    kind = KINDS.get(values.get("TYPE_ID") or "")
    return kind or PROVIDERS.get(values.get("PROVIDER_ID") or "", "other") if values else None


def direction(values: Values) -> Text:
    return WAYS.get(values.get("DIRECTION") or "")


def deadline_at(values: Values) -> Text:
    """The deadline; the year 9999 says that there is none."""
    deadline = values.get("DEADLINE")
    return None if deadline is None or deadline.startswith(NEVER) else deadline


def planned_seconds(values: Values) -> Text:
    """How long a meeting is planned to take. What a call took, telephony knows."""
    start, end = values.get("START_TIME"), values.get("END_TIME")
    if activity_type(values) != "meeting" or not start or not end:
        return None
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return str(int(seconds)) if seconds >= 0 else None


def owners(values: Values) -> Sequence[tuple[str, str]]:
    """All records an activity belongs to, its owner first: (entity, id)."""
    return _owners(values.get("OWNER_TYPE_ID"), values.get("OWNER_ID"), values.get("BINDINGS"))


def owner(entity: str) -> Callable[[Values], Text]:
    """The first record of one kind that an activity belongs to."""
    return lambda values: _first_owners(
        values.get("OWNER_TYPE_ID"), values.get("OWNER_ID"), values.get("BINDINGS")
    ).get(entity)


def activity_links(values: Values) -> Sequence[Values]:
    """Everything an activity belongs to, as rows."""
    return [{"entity": entity, "external_id": id} for entity, id in owners(values)]


def call_direction(values: Values) -> Text:
    return CALL_WAYS.get(values.get("CALL_TYPE") or "")


def answered(values: Values) -> Text:
    """Whether somebody took the call: code 200."""
    code = values.get("CALL_FAILED_CODE")
    return None if code is None else "true" if code == "200" else "false"


def called_entity(values: Values) -> Text:
    return NAMES.get((values.get("CRM_ENTITY_TYPE") or "").upper())


def department(values: Values) -> Text:
    """The first of a person's departments."""
    found = _parsed(values.get("UF_DEPARTMENT"))
    first = found[0] if isinstance(found, list) and found else found
    return str(first) if isinstance(first, int | str) and not isinstance(first, bool) else None


def user_phone(values: Values) -> Text:
    return values.get("WORK_PHONE") or values.get("PERSONAL_MOBILE") or values.get("PERSONAL_PHONE")


def user_e164(region: str | None) -> Callable[[Values], Text]:
    def take(values: Values) -> Text:
        number = user_phone(values)
        return None if number is None else e164(number, region)

    return take


def semantics(name: str) -> Callable[[Values], Text]:
    """What a stage means, in our words."""
    return lambda values: {"P": "open", "S": "won", "F": "lost"}.get(values.get(name) or "")


@lru_cache(maxsize=4096)
def _owners(type_id: Text, id: Text, bindings: Text) -> Sequence[tuple[str, str]]:
    found = _parsed(bindings)
    pairs: list[tuple[Any, Any]] = [(type_id, id)]
    if isinstance(found, list):
        pairs += [
            (one.get("OWNER_TYPE_ID"), one.get("OWNER_ID")) for one in found if isinstance(one, Mapping)
        ]
    named = [(entity_of(kind), str(one)) for kind, one in pairs if one not in (None, "", "0", 0)]
    return list(dict.fromkeys((entity, one) for entity, one in named if entity))


@lru_cache(maxsize=4096)
def _first_owners(type_id: Text, id: Text, bindings: Text) -> Mapping[str, str]:
    return dict(reversed(_owners(type_id, id, bindings)))


@lru_cache(maxsize=4096)
def _first(text: Text) -> Text:
    found = _parsed(text)
    entries = found if isinstance(found, list) else []
    for entry in entries:
        value = entry.get("VALUE") if isinstance(entry, Mapping) else entry
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _parsed(text: Text) -> Any:
    return None if text is None else orjson.loads(text)
