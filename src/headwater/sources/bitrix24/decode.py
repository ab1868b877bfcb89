"""Raw values of Bitrix24 become text forms: exactly, or with a word why not."""

import json
import math
import re
from datetime import UTC, tzinfo
from typing import Any

import orjson

from headwater.core.errors import Unfit
from headwater.core.model import Decoder, Field, Kind, Text
from headwater.sources.bitrix24.kinds import SEVERAL_EMPTY, TYPES, UNKNOWN, Empty
from headwater.sources.bitrix24.times import day, moment_in
from headwater.sources.bitrix24.words import said

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]{1,4})?")
FLAGS = {
    "Y": "true", "y": "true", "1": "true", "true": "true", "True": "true",
    "N": "false", "n": "false", "0": "false", "false": "false", "False": "false",
}  # fmt: skip


def decoder(field: Field, zone: tzinfo | None) -> Decoder:
    """How values of `field` are read; times without an offset are taken as the portal's own, `zone`."""
    empty = TYPES.get(field.type, UNKNOWN).empty
    if field.passing or field.multiple:
        return _without(field.passing) if field.passing else _json(SEVERAL_EMPTY)
    if field.unknown:
        return _anything
    if field.type == "money":
        return _currency if field.kind is Kind.TEXT else _amount
    if field.kind is Kind.TEXT:
        return _TEXTS[empty]
    if field.kind is Kind.JSON:
        return _json(empty)
    return moment_in(zone or UTC) if field.kind is Kind.MOMENT else _PLAIN[field.kind]


def _text(raw: Any) -> Text:
    if raw.__class__ is str:
        text: str = raw
        return text or None
    return None if raw is None else _as_text(raw)


def _link(raw: Any) -> Text:
    if raw.__class__ is str:
        text: str = raw
        return text if text and text != "0" else None
    if raw is None or raw is False or raw in (0, []):
        return None
    return _as_text(raw)


def _loose(raw: Any) -> Text:
    if raw.__class__ is str:
        text: str = raw
        return text or None
    return None if raw is None or raw is False or raw in ([], {}) else _as_text(raw)


_TEXTS: dict[Empty, Decoder] = {Empty.WORDS: _text, Empty.REFERENCE: _link, Empty.STRUCTURE: _loose}


def _as_text(raw: Any) -> str:
    if raw.__class__ is int:
        return _digits(raw)
    if raw.__class__ is float:
        return repr(raw)
    raise Unfit(f"{said(raw)} where a text should be")


def _integer(raw: Any) -> Text:
    if raw.__class__ is str:
        text: str = raw
        if text.isdecimal() and text.isascii() and len(text) < 19 and (text[0] != "0" or text == "0"):
            return text
        return _whole(text) if text else None
    if raw is None:
        return None
    if raw.__class__ is int:
        return _in_64_bits(raw)
    if raw.__class__ is float and raw.is_integer() and abs(raw) < 2**53:
        return str(int(raw))
    raise Unfit(f"{said(raw)} where a whole number should be")


def _whole(raw: str) -> Text:
    text = raw.strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isdecimal() and digits.isascii()):
        raise Unfit(f"{said(raw)} is not a whole number")
    if len(digits) > 400:
        raise Unfit("a whole number beyond 64 bits")
    return _in_64_bits(int(text))


def _in_64_bits(number: int) -> str:
    if -(2**63) <= number < 2**63:
        return str(number)
    raise Unfit("a whole number beyond 64 bits")


def _number(raw: Any) -> Text:
    if raw.__class__ is str:
        whole, _, rest = raw.partition(".")  # without a point, `whole` is `raw` itself
        if whole.isdecimal() and raw.isascii() and (rest.isdecimal() or raw is whole) and len(raw) < 300:
            return str(raw)
        return _decimal(raw) if raw else None
    if raw is None:
        return None
    if raw.__class__ is int:
        return _digits(raw)
    if raw.__class__ is float:
        if math.isfinite(raw):
            return repr(raw)
        raise Unfit("a number without end")
    raise Unfit(f"{said(raw)} where a number should be")


def _decimal(raw: str) -> str:
    text = raw.strip()
    if not NUMBER.fullmatch(text):
        raise Unfit(f"{said(raw)} is not a number")
    value = float(text)
    if math.isinf(value) or (value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])):
        raise Unfit(f"{said(raw)} is beyond what a number can hold")
    sign = "-" if text[0] == "-" else ""
    body, mark, power = text.lstrip("+-").lower().partition("e")
    whole, _, rest = body.partition(".")
    return f"{sign}{whole or '0'}{'.' if rest else ''}{rest}{mark}{power}"


def _amount(raw: Any) -> Text:
    return _number(raw.partition("|")[0]) if raw.__class__ is str else _number(raw)


def _currency(raw: Any) -> Text:
    return raw.partition("|")[2] or None if raw.__class__ is str else None


def _flag(raw: Any) -> Text:
    if raw.__class__ is str:
        if found := FLAGS.get(raw):
            return found
        if not raw:
            return None
    elif raw is None:
        return None
    elif raw is True or (raw.__class__ is int and raw == 1):
        return "true"
    elif raw is False or (raw.__class__ is int and raw == 0):
        return "false"
    raise Unfit(f"{said(raw)} is neither yes nor no")


_PLAIN: dict[Kind, Decoder] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.DATE: day,
}


def plain(kind: Kind) -> Decoder:
    """How values of a kind are read where nothing more is known of their field."""
    if kind is Kind.TEXT:
        return _text
    if kind is Kind.JSON:
        return _json(Empty.STRUCTURE)
    return moment_in(UTC) if kind is Kind.MOMENT else _PLAIN[kind]


def _without(keys: frozenset[str]) -> Decoder:
    """The value as a JSON text, without these keys of its maps."""
    text = _json(Empty.STRUCTURE)

    def clean(raw: Any) -> Any:
        if isinstance(raw, dict):
            return {key: value for key, value in raw.items() if key not in keys}
        return [clean(one) for one in raw] if isinstance(raw, list) else raw

    return lambda raw: text(clean(raw) if raw else raw)


def _anything(raw: Any) -> Text:
    """A value of a type nobody described: a text as it is, anything else as JSON."""
    if raw is None or raw == "" or raw is False or raw in ([], {}):
        return None
    return raw if raw.__class__ is str else _json(Empty.WORDS)(raw)


def _json(empty: Empty) -> Decoder:
    """The value as a JSON text; what only the standard library's writer can spell is spelled by it."""

    def tree(raw: Any) -> Text:
        if raw is None or raw == "" or raw is False or raw in ([], {}):
            return None
        if empty is Empty.REFERENCE and raw in (0, "0"):
            return None
        try:
            text = orjson.dumps(raw).decode()
        except (TypeError, RecursionError):
            return _spelled(raw, ascii_only=True)
        # orjson writes a number without end as null, in silence.
        return _spelled(raw, ascii_only=False) if "null" in text else text

    return tree


def _spelled(raw: Any, *, ascii_only: bool) -> str:
    try:
        return json.dumps(raw, allow_nan=False, separators=(",", ":"), ensure_ascii=ascii_only)
    except (ValueError, TypeError, RecursionError) as exc:
        raise Unfit(f"{type(raw).__name__} that cannot be written as JSON: {exc}") from exc


def _digits(number: int) -> str:
    if number.bit_length() > 1024:
        raise Unfit("a number beyond what a number can hold")
    return str(number)
