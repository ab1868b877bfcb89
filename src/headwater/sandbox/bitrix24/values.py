"""Values on their way in and out: a client's into the classic form, a classic one into crm.item's."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import REFERENCES, Field

_LOCAL_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_WHOLE = {"object", "crm_activity_communication", "crm_activity_binding", "diskfile"}
"""Types whose values are maps that are kept as they are sent."""

_IDS = REFERENCES | {
    "user",
    "employee",
    "integer",
    "iblock_section",
    "iblock_element",
    "enumeration",
    "crm_category",
}


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """A date a client wrote, in the server's zone: ISO 8601 (without offset: server time), `Y-m-d H:i:s`,
    or the portal's own `d.m.Y`. None when it is none of them."""
    text = php.text(value).strip()
    if _ISO.match(text):
        try:
            read = datetime.fromisoformat(text)
            return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(zone)
        except (ValueError, OverflowError):
            return None
    for form in _LOCAL_FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def shown_moment(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat()


def shown_day(day: date, zone: tzinfo) -> str:
    """A day as the portal writes it: `2026-11-10T03:00:00+03:00`, the offset twice. West of Greenwich the
    same rule would show the day before, so there it is plain midnight."""
    offset = datetime.combine(day, time(), zone).utcoffset() or timedelta()
    at = datetime.combine(day, time(), UTC).astimezone(zone) if offset > timedelta() else None
    return (at or datetime.combine(day, time(), zone)).isoformat()


def written(field: Field, value: Any, zone: tzinfo) -> Any:
    """The classic form under which a value sent by a client is kept."""
    if field.multiple:
        members = [] if php.is_empty(value) else php.as_list(value)
        kept = [_member(field, _one(field, member, zone)) for member in members if not php.is_empty(member)]
        return kept or field.empty
    if php.is_array(value) and field.type != "file" and field.type not in _WHOLE:
        value = next(iter(php.as_list(value)), None)
    if value is None or value == "":
        return field.empty
    return _one(field, value, zone)


def _member(field: Field, value: Any) -> Any:
    return php.integer(value) if field.type in ("enumeration", "resourcebooking") else value


def _one(field: Field, value: Any, zone: tzinfo) -> Any:
    if field.type in ("date", "datetime"):
        at = moment(value, zone)
        if at is None:
            return field.empty
        return shown_day(at.date(), zone) if field.type == "date" else shown_moment(at)
    if field.type in _WHOLE:
        return value
    if field.type == "file":
        return value if isinstance(value, dict) else {"id": php.integer(value)}
    text = php.text(value)
    yes = text.upper() in ("Y", "1", "TRUE")
    forms = {
        "double": f"{php.number(text):.2f}" if field.custom is None else str(php.number(text)),
        "char": "Y" if yes else "N",
        "boolean": "1" if yes else "0",
    }
    return str(php.integer(text)) if field.type in _IDS else forms.get(field.type, text)


def as_item(field: Field, value: Any) -> Any:
    """A classic value as crm.item.* gives it: native numbers, Y/N, lists."""
    if field.multiple:
        return [_native(field, member) for member in value] if isinstance(value, list) else []
    return _native(field, value)


def _native(field: Field, value: Any) -> Any:
    if field.type == "boolean":
        return "Y" if value in ("1", 1, True, "Y") else "N"
    if value is None or value == "":
        return 0 if field.type in ("crm_company", "crm_contact") else None if value is None else _empty(field)
    if not isinstance(value, (str, int, float)):
        return value
    if field.type in _IDS:
        return php.integer(value)
    if field.type == "double":
        return php.number(value)
    return value


def _empty(field: Field) -> Any:
    return "" if field.type in ("string", "text", "url", "address", "money", "crm", "crm_status") else None
