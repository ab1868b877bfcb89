"""The mapping file of `--fill`: which lines of which CSV files become which records, field by field."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24.sheets import read_text
from headwater.sandbox.bitrix24.takes import Take


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Part):
    """An entry of a list; a stage, by its code without the pipeline's prefix. Semantics is S, F or empty."""

    code: str = Field(min_length=1, pattern=r"^[^\s:]+$")
    name: str
    semantics: str = Field(default="", pattern="^[SF]?$")


class PipelineOf(_Part):
    """A pipeline and its stages in order."""

    id: int = Field(ge=0, le=10**6)
    name: str
    stages: list[Entry] = Field(min_length=1)


class CustomOf(_Part):
    """A custom field to create. Without `options` an enumeration has those that occur."""

    type: str = "string"
    label: str = ""
    multiple: bool = False
    options: list[str] = []
    settings: dict[str, Any] = {}


class Lines(_Part):
    """Lines of a CSV file: all, those with one of these values in a column (`only`), or the first line for
    every value of a column (`each`). A cell that holds one of the `nulls` is empty."""

    file: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    only: dict[str, list[str]] = {}
    each: str = ""
    nulls: list[str] = []


class PeopleOf(Lines):
    """Lines that become people; `department` is the way down to theirs, `manager` leads it."""

    name: Take
    email: Take | None = None
    phone: Take | None = None
    position: Take | None = None
    active: Take | None = None
    department: list[Take] = []
    manager: Take | None = None


class PastOf(Lines):
    """Lines that say which record (by its key) reached which stage when."""

    record: Take
    stage: Take
    at: Take


class Section(Lines):
    """Lines that become records; others refer to them by the value of the column `key`."""

    first_id: int | None = Field(default=None, ge=1, le=10**12)
    step: int = Field(default=1, ge=1, le=10**6)
    key: str = ""
    fields: dict[str, Annotated[list[Take], Field(min_length=1)]] = {}


class Owned(Section):
    """Records that belong to another one."""

    owner: Take | None = None


class Classic(Section):
    """Leads, deals, contacts, companies: with custom fields."""

    user_fields: dict[str, CustomOf] = {}


class Staged(Classic):
    """Leads and deals: they move through stages."""

    history: PastOf | None = None


class Activity(Owned):
    """Activities: bound to more than their owner, with a phone, or an e-mail's addresses."""

    bindings: list[Take] = []
    phone: Take | None = None
    sender: Take | None = None
    receiver: Take | None = None


class File(_Part):
    """The whole mapping file."""

    currency: str = Field(default="", pattern="^([A-Z]{3})?$")
    pipelines: list[PipelineOf] = []
    lists: dict[str, list[Entry]] = {}
    people: list[PeopleOf] = []
    companies: list[Classic] = []
    contacts: list[Classic] = []
    leads: list[Staged] = []
    deals: list[Staged] = []
    products: list[Section] = []
    product_rows: list[Owned] = []
    activities: list[Activity] = []
    calls: list[Owned] = []
    comments: list[Owned] = []


ENTITIES = {
    "companies": "company",
    "contacts": "contact",
    "leads": "lead",
    "deals": "deal",
    "products": "product",
    "product_rows": "productrow",
    "activities": "activity",
    "calls": "call",
    "comments": "comment",
}
"""The portal's name of what a section fills."""

NEEDED = {"activities": "TYPE_ID", "products": "NAME", "product_rows": "PRICE", "comments": "COMMENT"}
"""The field that every line of a section must have."""

_SEVERAL = {"department", "bindings"}
"""Words of which there may be one or a list."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file that says nothing unknown, and where it says what."""

    name: str
    file: File
    places: dict[tuple[str, ...], int]

    def place(self, *steps: object) -> str:
        """Where something is said: the file, the line, its name. A step may be a list's position."""
        what = next(step for step in reversed(steps) if isinstance(step, str))
        return f"{self.name}, line {_line(self.places, [str(step) for step in steps])}, {what}"

    def wrong(self, text: str, *steps: object) -> NeedsPerson:
        return NeedsPerson(f"{self.place(*steps)}: {text}")


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. NeedsPerson names what is wrong with it, the line, and what to do."""
    text = read_text(path)
    places = _places(text)
    try:
        raw = tomllib.loads(text)
        file = File.model_validate(_listed(raw))
    except tomllib.TOMLDecodeError as exc:
        raise NeedsPerson(f"{path.name}: not readable as TOML, {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        line = _line(places, [str(step) for step in first["loc"]])
        where = ".".join(_said(raw, first["loc"]))
        raise NeedsPerson(f"{path.name}, line {line}, {where}: {first['msg']}; see docs/sandbox.md") from exc
    except RecursionError as exc:
        raise NeedsPerson(f"{path.name}: not readable as TOML, it is nested too deeply") from exc
    return Mapping(path.name, file, places)


def _listed(raw: dict[str, Any]) -> dict[str, Any]:
    """The file with lists where one or several may stand."""
    whole = dict(raw)
    for name in ("people", *ENTITIES):
        if name in whole:
            whole[name] = [_section(one) for one in _several(whole[name])]
    return whole


def _section(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    section = {name: _several(one) if name in _SEVERAL else one for name, one in raw.items()}
    if isinstance(raw.get("fields"), dict):
        section["fields"] = {name: _several(one) for name, one in raw["fields"].items()}
    return section


def _several(one: Any) -> Any:
    return one if isinstance(one, list) else [one]


def _said(raw: Any, steps: Iterable[int | str]) -> list[str]:
    """The way to a place as the file spells it: without the positions in lists that are none there."""
    way, node = [], raw
    for step in steps:
        if isinstance(step, int) and not isinstance(node, list):
            continue
        way.append(str(step))
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return way


_HEADER = re.compile(r"\s*\[(\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.-]+|\"[^\"]*\")\s*=")


def _places(text: str) -> dict[tuple[str, ...], int]:
    """The line of every table and key, by the way to it; tables in a list have their position in it."""
    places: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    here: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            here = ()
            names = [part.strip(' "') for part in header[2].split(".")]
            for at, name in enumerate(names):
                here += (name,)
                if header[1] and at == len(names) - 1:
                    counts[here] = counts.get(here, -1) + 1
                if here in counts:
                    here += (str(counts[here]),)
            places.setdefault(here, number)
        elif key := _KEY.match(line):
            names = [key[1].strip('"')] if '"' in key[1] else key[1].split(".")
            places.setdefault((*here, *names), number)
    return places


def _line(places: dict[tuple[str, ...], int], steps: Sequence[str]) -> int:
    """The line of the nearest place on the way to something; positions the file does not spell are left
    out."""
    ways = [tuple(steps), tuple(step for at, step in enumerate(steps) if at != 1 or not step.isdigit())]
    for length in range(len(steps), 0, -1):
        for way in ways:
            if way[:length] in places:
                return places[way[:length]]
    return 1
