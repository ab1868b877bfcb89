"""Values as text that PostgreSQL can hold and COPY takes, and back."""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson

from headwater.core.model import Kind, Text

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"


def line(cells: Sequence[Text]) -> str:
    """A row as COPY's text format wants it."""
    joined = "\t".join([NULL if text is None else text for text in cells])
    if (
        joined.count("\\") == cells.count(None)
        and joined.count("\t") == len(cells) - 1
        and "\n" not in joined
        and "\r" not in joined
    ):
        return joined  # nothing in it wants to be escaped, which is one look instead of one a cell
    return "\t".join(map(cell, cells))


def cell(text: Text) -> str:
    """One value as COPY's text format wants it."""
    return NULL if text is None else escaped(text)


def escaped(text: str) -> str:
    """`text` as COPY's text format wants it."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(ESCAPES)
    return text


def is_clean(text: str) -> bool:
    """Whether nothing in texts that were joined to this one, JSON texts among them, may want `clean` or
    `clean_json`. A false alarm is possible: the two characters that begin an escape may be just that."""
    return "\0" not in text and "\\u" not in text and (text.isascii() or clean(text) is text)


def clean(text: str) -> str:
    """`text` itself when PostgreSQL can hold it, otherwise a copy with U+FFFD for what it cannot."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(text: str) -> str:
    """The same for a JSON text, where such characters hide behind escapes."""
    if "\\u0000" in text or "\\ud" in text.lower():
        return json_text(json.loads(text))
    return clean(text)


def in_json(text: str, kind: Kind) -> Any:
    """A value in its text form, as a part of what orjson writes."""
    if kind is Kind.TEXT or kind is Kind.MOMENT or kind is Kind.DATE:
        return text
    if kind is Kind.INTEGER:
        text = str(int(text))
    elif kind is Kind.NUMBER:
        text = format(Decimal(text), "f")
    return orjson.Fragment(text)


def json_text(value: Any) -> str:
    """Any raw value as JSON that PostgreSQL can hold; text it cannot is kept as {"$utf16": hex}."""
    return orjson.dumps(_keepable(value), default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _keepable(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value if clean(value) is value else {"$utf16": value.encode("utf-16-be", "surrogatepass").hex()}
        )
    if isinstance(value, dict):
        return {clean(str(key)): _keepable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_keepable(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def restored(value: Any) -> Any:
    """A raw value back from the form that `json_text` gave it."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(hidden := value.get("$utf16"), str):
            with suppress(ValueError):  # a source may have such a map of its own
                return bytes.fromhex(hidden).decode("utf-16-be", "surrogatepass")
        return {key: restored(item) for key, item in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value
