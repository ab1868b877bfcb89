"""What no portal should send, what every type of custom field may hold, and what no database takes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from headwater.core.model import Row
from headwater.testing.histories.strikes import LONE

BAD_BYTES = "\ue000bad-bytes\ue000"  # the portal sends it as bytes that are no UTF-8
_HEARD = {BAD_BYTES: "\udcd0\udcff\udcfe", LONE: "\ud800"}


@dataclass(frozen=True, slots=True)
class Face:
    """Which fields of a kind of record are its title, its amount, …; empty where it has none.

    `indexed` fill columns that have an index: PostgreSQL refuses rows whose entry is too long for one.
    """

    title: str = "TITLE"
    amount: str = "OPPORTUNITY"
    day: str = "CLOSEDATE"
    made: str = "DATE_CREATE"
    text: str = "COMMENTS"
    clock: str = "DATE_MODIFY"
    active: str = "LAST_ACTIVITY_TIME"
    funnel: str = ""
    indexed: Sequence[str] = ("ASSIGNED_BY_ID",)


_ITEM = Face(text="SOURCE_DESCRIPTION", indexed=("STAGE_ID",))
FACES: Mapping[str, Face] = {
    "deals": Face(
        funnel="CATEGORY_ID", indexed=("STAGE_ID", "ASSIGNED_BY_ID", "CONTACT_ID", "COMPANY_ID", "LEAD_ID")
    ),
    "leads": Face(day="BIRTHDATE", indexed=("STATUS_ID", "ASSIGNED_BY_ID")),
    "contacts": Face(title="NAME", amount="ADDRESS_LOC_ADDR_ID", day="BIRTHDATE"),
    "companies": Face(amount="REVENUE", day="ORIGIN_VERSION"),
    "products": Face(
        title="NAME", amount="PRICE", day="CODE", text="DESCRIPTION", clock="TIMESTAMP_X", active="",
        indexed=(),
    ),
    "items_177": _ITEM,
    "items_130": _ITEM,
    "activities": Face(
        title="SUBJECT", amount="RESULT_SUM", day="DEADLINE", made="CREATED", text="DESCRIPTION",
        clock="LAST_UPDATED", active="", indexed=("RESPONSIBLE_ID",),
    ),
    "calls": Face(
        title="COMMENT", amount="COST", day="", made="", text="CALL_LOG", clock="CALL_START_DATE", active="",
        indexed=("PORTAL_USER_ID",),
    ),
}  # fmt: skip
"""By entity."""

CHOKING = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(100))
TOO_LONG = 2_000

ODDITIES: Sequence[Mapping[str, Any]] = (
    {"amount": "много"},
    {"amount": "NaN"},
    {"amount": "1e999999"},
    {"amount": "12345678901234567.25"},
    {"day": "20245-01-01T00:00:00+03:00"},
    {"day": "0000-00-00T00:00:00+03:00"},
    {"made": "20245-01-01T00:00:00+03:00"},
    {"clock": "31.02.2026"},
    {"active": ""},
    {"title": "a\0b"},
    {"title": f"x{LONE}y"},
    {"title": f"x{BAD_BYTES}y"},
    {"text": "ы" * 50_000},
    {"text": "a\tb\\N\nc\r\\."},
    {"amount": {"no": "number"}},
    {"title": ["several"]},
    {"funnel": None},
    {"title": None, "text": None, "amount": None},
)
"""Values no portal should send, by what the fields are."""

SAMPLES: Mapping[str, Any] = MappingProxyType({
    "string": "слово", "integer": "17", "double": "3.50", "boolean": "1", "money": "100.10|RUB",
    "date": "2026-01-05T03:00:00+03:00", "datetime": "2026-01-05T12:30:00+03:00", "url": "https://sayt.uz/",
    "enumeration": "1", "employee": "1", "file": {"id": 7, "showUrl": "/7"},
})  # fmt: skip
"""A value of each type of custom fields."""
TYPES = tuple(SAMPLES)


def odd(face: Face, oddity: int) -> dict[str, Any]:
    """One of the oddities as fields of a record; those it does not have are left out."""
    chosen = ODDITIES[oddity % len(ODDITIES)]
    return {name: value for part, value in chosen.items() if (name := getattr(face, part))}


def heard(slug: str, record: Row) -> Row:
    """A record as a reader of JSON has to understand what the portal sends; only titles are that odd."""
    title = FACES[slug].title if slug in FACES else ""
    key = title if title in record else title.lower()
    text = record.get(key)
    if not isinstance(text, str):
        return record
    for sent, read in _HEARD.items():
        text = text.replace(sent, read)
    return {**record, key: text}


def unstorable(face: Face, record: Row) -> bool:
    """Whether no database takes this record."""
    return any(len(str(record.get(name))) > TOO_LONG for name in face.indexed)


def mended(face: Face, record: Row) -> Row:
    """What has to change in an unstorable record."""
    return {name: "1" for name in face.indexed if len(str(record.get(name))) > TOO_LONG}
