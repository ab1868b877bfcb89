"""Bitrix24's type words, each with the kind, the emptiness and the privacy of its values."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from headwater.core.model import Kind, Privacy


class Empty(Enum):
    """Which raw values of a type mean that there is none. Never the same for all types."""

    WORDS = "null and the empty text"
    REFERENCE = "null, the empty text, zero, false and the empty list"
    STRUCTURE = "null, the empty text, false, the empty list and the empty map"


class Type(NamedTuple):
    """How values of one of the vendor's types are read; `personal` holds for custom fields of it."""

    kind: Kind
    empty: Empty = Empty.WORDS
    custom: Privacy = Privacy.PLAIN
    system: Privacy = Privacy.PLAIN


_TEXT = Type(Kind.TEXT, custom=Privacy.PERSONAL)
_WORD = Type(Kind.TEXT)
_LINK = Type(Kind.TEXT, Empty.REFERENCE)
_LOOSE = Type(Kind.TEXT, Empty.STRUCTURE, Privacy.PERSONAL)
_WHOLE = Type(Kind.INTEGER)
_FLAG = Type(Kind.FLAG)
_TREE = Type(Kind.JSON, Empty.STRUCTURE, Privacy.PERSONAL)
_INSIDE = Type(Kind.JSON, Empty.STRUCTURE, Privacy.PERSONAL, Privacy.FREE_TEXT)
_PEOPLE = Type(Kind.JSON, Empty.STRUCTURE, Privacy.PERSONAL, Privacy.PERSONAL)
_FILE = Type(Kind.JSON, Empty.STRUCTURE, Privacy.FREE_TEXT, Privacy.FREE_TEXT)

TYPES: Mapping[str, Type] = {
    "string": _TEXT,
    "text": _TEXT,
    "url": _LOOSE,
    "crm": _LINK,
    "char": _FLAG,
    "boolean": _FLAG,
    "integer": _WHOLE,
    "int": _WHOLE,
    "double": Type(Kind.NUMBER),
    "money": Type(Kind.NUMBER),
    "date": Type(Kind.DATE, Empty.STRUCTURE),
    "datetime": Type(Kind.MOMENT, Empty.STRUCTURE),
    "enumeration": _LINK,
    "uf_enum_element": _LINK,
    "crm_status": _WORD,
    "crm_currency": _WORD,
    "crm_category": _WORD,  # the general funnel is number 0
    "user": _LINK,
    "employee": _LINK,
    "crm_company": _LINK,
    "crm_contact": _LINK,
    "crm_lead": _LINK,
    "crm_deal": _LINK,
    "crm_quote": _LINK,
    "crm_entity": _LINK,
    "iblock_element": _LINK,
    "iblock_section": _LINK,
    "crm_enum_activitytype": _WORD,
    "crm_enum_activitystatus": _WORD,
    "crm_enum_activitypriority": _WORD,
    "crm_enum_activitynotifytype": _WORD,
    "crm_enum_activitydirection": _WORD,
    "crm_enum_contenttype": _WORD,
    "crm_enum_ownertype": _WORD,
    "address": Type(Kind.JSON, Empty.STRUCTURE, Privacy.PERSONAL, Privacy.PERSONAL),
    "location": _TREE,
    "object": _INSIDE,
    "resourcebooking": _TREE,
    "recurring_params": _TREE,
    "currency_localization": _TREE,
    "crm_status_extra": _TREE,
    "crm_activity_binding": _TREE,
    "crm_multifield": _PEOPLE,
    "crm_activity_communication": _PEOPLE,
    "file": _FILE,
    "diskfile": _FILE,
    "attached_diskfile": _FILE,
    "product_file": _FILE,
}

FILES = frozenset({"file", "diskfile", "attached_diskfile", "product_file"})
ADDRESSES = frozenset(
    {"url", "urlMachine", "urlPreview", "urlShow", "urlDownload", "showUrl", "downloadUrl"}
    | {"DOWNLOAD_URL", "DETAIL_URL", "SHOW_URL"}
)
"""Where a file is fetched: with a key in it, and another one each time. Its id finds it again."""

UNKNOWN = Type(Kind.TEXT, custom=Privacy.PERSONAL, system=Privacy.FREE_TEXT)
"""Any other type (an application's `rest_…`, a box's own): text as it comes, and reported."""

SEVERAL_EMPTY = Empty.STRUCTURE
"""Fields of several values are empty as `false`, as a list without anything, or as nothing."""
