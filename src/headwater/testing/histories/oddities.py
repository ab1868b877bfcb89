"""What no portal should send, what every type of custom field may hold, and what no database takes."""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from headwater.core.model import Row
from headwater.testing.histories.strikes import LONE

BAD_BYTES = "\ue000bad-bytes\ue000"  # the portal sends it as bytes that are no UTF-8
_HEARD = {BAD_BYTES: "\udcd0\udcff\udcfe", LONE: "\ud800"}

INDEXED = ("STAGE_ID", "ASSIGNED_BY_ID", "CONTACT_ID", "COMPANY_ID", "LEAD_ID")
"""Fields whose column of crm_deals has an index: PostgreSQL refuses rows whose entry is too long for one."""
CHOKING = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(100))
TOO_LONG = 2_000

ODDITIES: Sequence[Mapping[str, Any]] = (
    {"OPPORTUNITY": "много"},
    {"OPPORTUNITY": "NaN"},
    {"OPPORTUNITY": "1e999999"},
    {"OPPORTUNITY": "12345678901234567.25"},
    {"CLOSEDATE": "20245-01-01T00:00:00+03:00"},
    {"CLOSEDATE": "0000-00-00T00:00:00+03:00"},
    {"DATE_CREATE": "20245-01-01T00:00:00+03:00"},
    {"DATE_MODIFY": "31.02.2026"},
    {"LAST_ACTIVITY_TIME": ""},
    {"TITLE": "a\0b"},
    {"TITLE": f"x{LONE}y"},
    {"TITLE": f"x{BAD_BYTES}y"},
    {"COMMENTS": "ы" * 50_000},
    {"COMMENTS": "a\tb\\N\nc\r\\."},
    {"PROBABILITY": {"no": "number"}},
    {"TITLE": ["several"]},
    {"CATEGORY_ID": None},
    {"TITLE": None, "COMMENTS": None, "OPPORTUNITY": None},
)
"""Values no portal should send."""

SAMPLES: Mapping[str, Any] = MappingProxyType({
    "string": "слово", "integer": "17", "double": "3.50", "boolean": "1", "money": "100.10|RUB",
    "date": "2026-01-05T03:00:00+03:00", "datetime": "2026-01-05T12:30:00+03:00", "url": "https://sayt.uz/",
    "enumeration": "1", "employee": "1", "file": {"id": 7, "showUrl": "/7"},
})  # fmt: skip
"""A value of each type of custom fields."""
TYPES = tuple(SAMPLES)


def heard(record: Row) -> Row:
    """A record as a reader of JSON has to understand what the portal sends; only titles are that odd."""
    title = record["TITLE"]
    if isinstance(title, str):
        for sent, read in _HEARD.items():
            title = title.replace(sent, read)
    return {**record, "TITLE": title}


def unstorable(record: Row) -> bool:
    """Whether no database takes this record."""
    return any(len(str(record[name])) > TOO_LONG for name in INDEXED)


def mended(record: Row) -> Row:
    """What has to change in an unstorable record."""
    return {name: "1" for name in INDEXED if len(str(record[name])) > TOO_LONG}
