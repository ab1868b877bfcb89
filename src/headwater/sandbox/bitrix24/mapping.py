"""The mapping file of `--fill`: read, checked, and asked for the raw value of a field on a line."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24.userfields import known_type


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """A stage by its code without the pipeline's prefix; semantics is S, F or empty."""

    code: str
    name: str
    semantics: str = Field(default="", pattern="^[SF]?$")


class PipelineOf(_Strict):
    """A pipeline and its stages in order."""

    id: int = Field(ge=0)
    name: str
    stages: list[Stage] = Field(min_length=1)


class CustomOf(_Strict):
    """A custom field to create."""

    type: str = "string"
    label: str = ""
    options: list[str] = []


class JoinOf(_Strict):
    """Another CSV file: the line whose `key` equals the value, and the column to `take` from it."""

    file: str
    key: str
    take: str


class Take(_Strict):
    """Where a field's value comes from. Exactly one of `constant`, `column`, `template`.

    Then, in this order: `map`, `join`, `default` for what is empty, `date` as a strptime format, `person`.
    """

    constant: str | None = None
    column: str = ""
    template: str = ""
    map: dict[str, str] = {}
    join: JoinOf | None = None
    default: str | None = None
    date: str = ""
    person: bool = False
    place: str = ""

    def wrong(self, text: str) -> NeedsPerson:
        return NeedsPerson(f"{self.place}: {text}")

    def raw(self, line: Mapping[str, str], plan: "Mapped", at: int) -> str:
        """The text of this field on a line; empty when there is none."""
        if self.constant is not None:
            return self.constant
        value = self.template.format_map(line) if self.template else line[self.column].strip()
        if value and self.map:
            if value not in self.map:
                known = ", ".join(self.map)
                raise plan.sheet.wrong(
                    at, self.column, f"{value!r} is not in the map ({known}); add it to {self.place}"
                )
            value = self.map[value]
        if value and self.join:
            value = plan.joined(self, value, at)
        return value or self.default or ""

    def moment(self, raw: str, sheet: "Sheet", at: int, zone: tzinfo) -> datetime:
        try:
            return datetime.strptime(raw, self.date).replace(tzinfo=zone)
        except ValueError:
            raise sheet.wrong(
                at, self.column, f"{raw!r} is no date of the form {self.date}; mend `date` in {self.place}"
            ) from None


class _Deals(_Strict):
    file: str
    first_id: int = Field(default=1, ge=1)
    step: int = Field(default=1, ge=1)
    fields: dict[str, Take] = Field(min_length=1)


class _File(_Strict):
    currency: str = ""
    pipelines: list[PipelineOf] = []
    user_fields: dict[str, CustomOf] = {}
    deals: _Deals


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file in memory; the header is line 1."""

    path: Path
    columns: list[str]
    lines: list[dict[str, str]]
    numbers: list[int]

    def wrong(self, at: int, column: str, text: str) -> NeedsPerson:
        place = f"{self.path.name}, line {self.numbers[at]}" + (f", column {column}" if column else "")
        return NeedsPerson(f"{place}: {text}")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping whose files are read and whose columns exist."""

    place: str
    currency: str
    pipelines: list[PipelineOf]
    user_fields: dict[str, CustomOf]
    sheet: Sheet
    first_id: int
    step: int
    fields: dict[str, Take]
    people: bool
    joins: dict[JoinOf, dict[str, str]] = field(default_factory=dict)

    def joined(self, take: Take, value: str, at: int) -> str:
        """The value found in the joined file; without `default` a missing one is an error."""
        assert take.join is not None  # noqa: S101 (the caller has looked)
        found = self.joins[take.join]
        if value in found:
            return found[value]
        if take.default is not None:
            return ""
        raise self.sheet.wrong(
            at,
            take.column,
            f"{value!r} is in no line of {take.join.file} (column {take.join.key}); add it there, map it,"
            f" or give {take.place} a default",
        )


def read_mapping(path: Path, data: Path) -> Mapped:
    """The mapping with its sheets. NeedsPerson names what is wrong, where, and what to do about it."""
    text = _text(path)
    try:
        plan = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise NeedsPerson(f"{path.name}: not readable as TOML, {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        line = _line_of(text, [str(step) for step in first["loc"]])
        raise NeedsPerson(f"{path.name}, line {line}, {where}: {first['msg']}; see docs/sandbox.md") from exc
    sheet = read_sheet(data / plan.deals.file)
    fields = {}
    for name, take in plan.deals.fields.items():
        place = f"{path.name}, line {_line_of(text, ['deals', 'fields', name])}, {name}"
        fields[name] = take.model_copy(update={"place": place})
        _check(fields[name], sheet)
    for name, custom in plan.user_fields.items():
        if not name.startswith("UF_CRM_") or not known_type(custom.type):
            line = _line_of(text, ["user_fields", name])
            raise NeedsPerson(
                f"{path.name}, line {line}, {name}: custom fields are called UF_CRM_… and have a type such as"
                f" string, double, date or enumeration, not {custom.type!r}"
            )
    joins = {take.join: _index(take, take.join, data) for take in fields.values() if take.join}
    return Mapped(
        path.name,
        plan.currency,
        plan.pipelines,
        plan.user_fields,
        sheet,
        plan.deals.first_id,
        plan.deals.step,
        fields,
        people=any(take.person for take in fields.values()),
        joins=joins,
    )


def _check(take: Take, sheet: Sheet) -> None:
    if sum((take.constant is not None, bool(take.column), bool(take.template))) != 1:
        raise take.wrong("give exactly one of constant, column, template")
    used = [take.column] if take.column else re.findall(r"\{(\w+)\}", take.template)
    for column in used:
        if column not in sheet.columns:
            known = ", ".join(sheet.columns)
            raise take.wrong(f"{sheet.path.name}, line 1, has no column {column}; it has {known}")


def read_sheet(path: Path) -> Sheet:
    """A CSV file with a header; lines with too few or too many cells are an error."""
    reader = csv.reader(_text(path).splitlines(keepends=True))
    columns = next(reader, None)
    if not columns:
        raise NeedsPerson(f"{path.name}, line 1: the file is empty; its first line must name the columns")
    lines, numbers = [], []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(columns):
            raise NeedsPerson(
                f"{path.name}, line {reader.line_num}: {len(cells)} cells under {len(columns)} columns; quote"
                " cells that hold commas"
            )
        lines.append(dict(zip(columns, cells, strict=True)))
        numbers.append(reader.line_num)
    return Sheet(path, columns, lines, numbers)


def _index(take: Take, join: JoinOf, data: Path) -> dict[str, str]:
    sheet = read_sheet(data / join.file)
    for column in (join.key, join.take):
        if column not in sheet.columns:
            raise take.wrong(
                f"{join.file}, line 1, has no column {column}; it has {', '.join(sheet.columns)}"
            )
    return {line[join.key].strip(): line[join.take].strip() for line in sheet.lines}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise NeedsPerson(f"{path}: cannot be read ({exc.strerror}); check the path given") from exc
    except UnicodeDecodeError as exc:
        raise NeedsPerson(f"{path.name}: is not UTF-8 (byte {exc.start}); save it as UTF-8") from exc


def _line_of(text: str, steps: list[Any]) -> int:
    """The line that most likely declares a key: the last line that begins with one of its names."""
    lines = text.splitlines()
    for step in reversed(steps):
        pattern = re.compile(rf"\s*(?:\[+[^\]]*\b)?\"?{re.escape(str(step))}\"?\s*(?:=|\]|\.)")
        for number, line in enumerate(lines, start=1):
            if pattern.match(line):
                return number
    return 1
