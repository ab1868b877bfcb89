"""Where a value comes from: the words of a mapping file for one field, and what they make of a cell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24.periods import SpreadOf, WalkOf
from headwater.sandbox.bitrix24.sheets import Sheet
from headwater.sandbox.bitrix24.values import moment

_COLUMN = re.compile(r"\{([^{}]*)\}")
_DURATION = re.compile(r"(?:(\d+):)?(\d+):(\d\d)|(\d+)(?:\.0+)?")


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JoinOf(_Words):
    """Another CSV file: the line whose `key` equals the value, and the column to `take` from it."""

    file: str
    key: str
    take: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)


class Take(_Words):
    """Where a value comes from. Exactly one of `constant`, `column`, `template`; the rest in this order."""

    constant: str | None = None
    column: str = ""
    template: str = ""
    nulls: list[str] = []
    rename: dict[str, str] = {}
    map: dict[str, str] = {}
    join: JoinOf | None = None
    default: str | None = None
    split: str = ""
    duration: bool = False
    decimal: str = Field(default="", pattern="^[.,]?$")
    date: str = ""
    walk: WalkOf | None = None
    spread: SpreadOf | None = None
    plus: list[str] = []
    person: bool = False
    ref: Literal["", "leads", "contacts", "companies", "deals", "activities", "products"] = ""
    kind: str = ""

    @property
    def columns(self) -> list[str]:
        """All columns it reads."""
        own = [self.column] if self.column else _COLUMN.findall(self.template)
        return own + self.plus + ([self.walk.weekday] if self.walk else [])


@dataclass(slots=True)
class Drawn:
    """A take bound to its sheet: asked for its text, or its moment, on a line."""

    take: Take
    place: str
    sheet: Sheet
    nulls: frozenset[str] = frozenset()
    joined: Mapping[str, str] | None = None
    days: list[datetime | None] = field(default_factory=list)
    _read: dict[str, datetime] = field(default_factory=dict)

    def mend(self, text: str) -> NeedsPerson:
        """What is wrong with the mapping itself."""
        return NeedsPerson(f"{self.place}: {text}")

    def wrong(self, at: int, text: str) -> NeedsPerson:
        return self.sheet.wrong(at, self.take.column, text)

    def cell(self, at: int, column: str) -> str:
        """A cell without the blanks around it; empty when it holds a word for nothing."""
        value = self.sheet.lines[at][column].strip()
        return "" if value in self.nulls else value

    def text(self, at: int) -> str:
        """The text on a line; empty when there is none."""
        take = self.take
        if take.constant is not None:
            value = take.constant
        elif take.template:
            value = _COLUMN.sub(lambda name: self.cell(at, name[1]), take.template).strip()
        else:
            value = self.cell(at, take.column)
        value = take.rename.get(value, value)
        if value and take.map:
            value = self._mapped(value, at)
        if value and self.joined is not None:
            value = self._joined(value, self.joined, at)
        value = value or take.default or ""
        if value and take.duration:
            value = str(self._seconds(value, at))
        if take.decimal:
            value = re.sub(r"[\s’']", "", value).replace("." if take.decimal == "," else ",", "")
            value = value.replace(take.decimal, ".")
        return value

    def texts(self, at: int) -> list[str]:
        """The texts of a cell that holds several; none when it is empty."""
        whole = self.text(at)
        parts = whole.split(self.take.split) if self.take.split else [whole]
        return [part.strip() for part in parts if part.strip()]

    def _mapped(self, value: str, at: int) -> str:
        if value not in self.take.map:
            known = ", ".join(self.take.map)
            raise self.wrong(at, f"{value!r} is not in the map ({known}); add it to {self.place}")
        return self.take.map[value]

    def _joined(self, value: str, joined: Mapping[str, str], at: int) -> str:
        if value in joined:
            return joined[value]
        if self.take.default is not None or self.take.join is None:
            return ""
        join = self.take.join
        raise self.wrong(
            at,
            f"{value!r} is in no line of {join.file} (column {join.key}); add it there, map it, or give"
            f" {self.place} a default",
        )

    def _seconds(self, value: str, at: int, column: str = "") -> int:
        found = _DURATION.fullmatch(value)
        if not found or len(value) > 12:
            raise self.sheet.wrong(
                at, column or self.take.column, f"{value!r} is no duration such as 1:02:03, 2:03 or 123"
            )
        hours, minutes, seconds, alone = found.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(alone)

    def moment(self, text: str, at: int, zone: tzinfo) -> datetime | None:
        """The moment a text means, with what `plus` adds to it; None when there is none."""
        found = self._dated(text, at, zone)
        later = sum(self._seconds(more, at, name) for name in self.take.plus if (more := self.cell(at, name)))
        try:
            return found + timedelta(seconds=later) if found else None
        except OverflowError:
            raise self.wrong(at, f"{later} seconds after {text!r} there is no date any more") from None

    def _dated(self, text: str, at: int, zone: tzinfo) -> datetime | None:
        if self.days:
            return self.days[at]
        if not text:
            return None
        if text not in self._read:
            read = _by_format(text, self.take.date, zone) if self.take.date else moment(text, zone)
            if read is None:
                form = self.take.date or "2026-11-20 or 20.11.2026"
                raise self.wrong(at, f"{text!r} is no date of the form {form}; mend `date` in {self.place}")
            self._read[text] = read
        return self._read[text]


def _by_format(text: str, form: str, zone: tzinfo) -> datetime | None:
    """A moment by a strptime format, in the portal's zone unless the text names one."""
    try:
        if "%z" in form:
            return datetime.strptime(text, form).astimezone(zone)
        return datetime.strptime(text, form).replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
