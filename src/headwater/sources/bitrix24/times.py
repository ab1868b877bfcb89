"""Days and moments as Bitrix24 writes them, in ISO form and in the forms of its older pages."""

import re
from datetime import UTC, date, datetime, tzinfo
from functools import cache, lru_cache
from typing import Any

from headwater.core.errors import Unfit
from headwater.core.model import Decoder, Text
from headwater.sources.bitrix24.words import said

LOCAL = re.compile(r"(\d{2})\.(\d{2})\.(\d{4,5})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?", re.ASCII)
YEAR = re.compile(r"(\d{4,})-\d{2}-\d{2}|\d{2}\.\d{2}\.(\d{4,})", re.ASCII)
EDGES = frozenset({"0001", "9999"})
# 2026-11-10T14:29:00+03:00 is nearly every time there is: known by its offset, it is checked without a regex.
OFFSETS = frozenset(
    f"{sign}{hour:02}:{minute:02}" for sign in "+-" for hour in range(15) for minute in (0, 30, 45)
)
REMEMBERED = 8_192  # times of one reading repeat: within a record, and days between records


def day(raw: Any) -> Text:
    """The portal's own day: it sends midnight in its own offset, and converting that would shift it."""
    if raw.__class__ is str:
        return _day(raw) if raw else None
    if _is_no_time(raw):
        return None
    raise Unfit(f"{said(raw)} where a date should be")


@lru_cache(REMEMBERED)
def _day(raw: str) -> str:
    if len(raw) == 10 and raw[4] == "-" == raw[7]:
        try:
            date.fromisoformat(raw)
        except ValueError:
            raise _no_time(raw) from None
        return raw
    if len(raw) == 25 and raw[4:11:3] == "--T" and raw[19:] in OFFSETS:
        try:
            datetime.fromisoformat(raw)
        except ValueError:
            raise _no_time(raw) from None
        return raw[:10]
    return _any_time(raw, UTC)[:10]


@cache
def moment_in(zone: tzinfo) -> Decoder:
    """How moments are read; those without an offset are taken as the zone's own. Fields share it, and what
    it remembers."""

    @lru_cache(REMEMBERED)
    def told(raw: str) -> str:
        if len(raw) == 25 and raw[4:11:3] == "--T" and raw[19:] in OFFSETS and raw[:4] not in EDGES:
            try:
                datetime.fromisoformat(raw)
            except ValueError:
                raise _no_time(raw) from None
            return raw
        return _any_time(raw, zone)

    def moment(raw: Any) -> Text:
        if raw.__class__ is str:
            return told(raw) if raw else None
        if _is_no_time(raw):
            return None
        raise Unfit(f"{said(raw)} where a time should be")

    return moment


def _any_time(raw: str, zone: tzinfo) -> str:
    text = raw.strip()
    if found := LOCAL.fullmatch(text):
        day, month, year, clock = found.groups()
        text = f"{year}-{month}-{day}" + (f"T{clock}" if clock else "")
    if not re.match(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}|$)", text, re.ASCII):
        raise _no_time(raw)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        moment.astimezone(UTC)
    except ValueError:
        raise _no_time(raw) from None
    except OverflowError:
        raise Unfit(f"{said(raw)} lies outside the years 1 to 9999") from None
    offset = moment.utcoffset()
    if offset is None or abs(offset.total_seconds()) >= 16 * 3600:
        raise Unfit(f"{said(raw)} has an offset that no place on earth has")
    return moment.isoformat()


def _is_no_time(raw: Any) -> bool:
    return raw is None or raw is False or raw in ({}, [])


def _no_time(raw: str) -> Unfit:
    found = YEAR.match(raw.strip())
    year = (found[1] or found[2]) if found else ""
    if year and (len(year) > 4 or year == "0000"):
        return Unfit(f"the year {year[:12]} is outside 1 to 9999")
    if found:
        return Unfit(f"{said(raw)}: there is no such day or time")
    return Unfit(f"{said(raw)} is not a date")
