"""A mapping bound to its CSV files: every column it names is there, every line it takes is known."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from headwater.sandbox.bitrix24.mapping import (
    ENTITIES,
    Lines,
    Mapping,
    PastOf,
    PeopleOf,
    Section,
    read_mapping,
)
from headwater.sandbox.bitrix24.periods import spread, walked
from headwater.sandbox.bitrix24.sheets import LINE, Sheet, read_sheet
from headwater.sandbox.bitrix24.takes import Drawn, JoinOf, Take

_OWNED = ("owner", "bindings", "phone", "sender", "receiver")
_PERSONAL = ("name", "email", "phone", "position", "active", "department", "manager")


@dataclass(slots=True)
class Picked:
    """The lines of a sheet that a section takes, and by name what it draws from each of them."""

    place: str
    sheet: Sheet
    lines: list[int]
    drawn: dict[str, list[Drawn]]

    def one(self, name: str) -> Drawn | None:
        """What a word of which there is one at most draws from."""
        return next(iter(self.drawn.get(name, ())), None)

    def text(self, name: str, at: int) -> str:
        drawn = self.one(name)
        return drawn.text(at) if drawn else ""


@dataclass(slots=True)
class Group:
    """A section: the records of one entity that come from one file."""

    name: str
    at: int
    spec: Section
    picked: Picked
    fields: dict[str, list[Drawn]]
    history: Picked | None = None
    ids: dict[int, int] = field(default_factory=dict)
    """The id of the record of each line."""

    @property
    def entity(self) -> str:
        return ENTITIES[self.name]

    @property
    def keyed(self) -> str:
        """The column by whose value others refer to its records."""
        return self.spec.key or self.spec.each


@dataclass(slots=True)
class Plan:
    """Everything a mapping file asks for, its CSV files read."""

    mapping: Mapping
    people: list[Picked]
    groups: list[Group]
    every: list[Drawn]

    def of(self, name: str) -> list[Group]:
        return [group for group in self.groups if group.name == name]

    @property
    def personal(self) -> bool:
        """Whether it says who works there."""
        return bool(self.people) or any(drawn.take.person for drawn in self.every)


def read_plan(path: Path, data: Path, zone: tzinfo) -> Plan:
    """The mapping with its sheets. NeedsPerson names what is wrong, where, and what to do about it."""
    return _Binder(read_mapping(path), data, zone).plan()


class _Binder:
    """Binds the takes of a mapping to sheets, each of which is read once."""

    def __init__(self, mapping: Mapping, data: Path, zone: tzinfo) -> None:
        self._mapping = mapping
        self._data = data
        self._zone = zone
        self._sheets: dict[tuple[str, str], Sheet] = {}
        self._every: list[Drawn] = []

    def plan(self) -> Plan:
        file = self._mapping.file
        people = [self._persons(one, at) for at, one in enumerate(file.people)]
        groups = [
            self._group(name, section, at)
            for name in ENTITIES
            for at, section in enumerate(getattr(file, name))
        ]
        self._referred(groups)
        return Plan(self._mapping, people, groups, self._every)

    def _persons(self, spec: PeopleOf, at: int) -> Picked:
        takes = {name: getattr(spec, name) for name in _PERSONAL}
        return self._picked(spec, ("people", at), takes)

    def _group(self, name: str, spec: Section, at: int) -> Group:
        takes = {word: getattr(spec, word, None) for word in _OWNED}
        way = (name, at)
        picked = self._picked(spec, way, takes)
        self._column(picked.sheet, spec.key, (*way, "key"))
        fields = {
            one: [self._drawn(take, picked.sheet, spec, (*way, "fields", one)) for take in several]
            for one, several in spec.fields.items()
        }
        past: PastOf | None = getattr(spec, "history", None)
        events = None
        if past:
            takes = {word: getattr(past, word) for word in ("record", "stage", "at")}
            events = self._picked(past, (*way, "history"), takes)
        return Group(name, at, spec, picked, fields, events)

    def _picked(
        self, spec: Lines, way: tuple[str | int, ...], takes: dict[str, Take | list[Take] | None]
    ) -> Picked:
        sheet = self._sheet(spec.file, spec.delimiter)
        for column in spec.only:
            self._column(sheet, column, (*way, "only"))
        self._column(sheet, spec.each, (*way, "each"))
        drawn = {
            word: [self._drawn(one, sheet, spec, (*way, word)) for one in _all(take)]
            for word, take in takes.items()
            if take
        }
        return Picked(self._mapping.place(*way), sheet, _lines(sheet, spec), drawn)

    def _drawn(self, take: Take, sheet: Sheet, spec: Lines, way: tuple[str | int, ...]) -> Drawn:
        """A take bound to its sheet."""
        place = self._mapping.place(*way)
        drawn = Drawn(take, place, sheet, frozenset([*spec.nulls, *take.nulls]))
        if sum((take.constant is not None, bool(take.column), bool(take.template))) != 1:
            raise drawn.mend("give exactly one of constant, column, template")
        for column in take.columns:
            self._column(sheet, column, way)
        if take.join:
            drawn.joined = self._joined(take.join, way)
        if (take.walk or take.spread) and not take.column:
            raise drawn.mend("walk and spread go with a column")
        if take.walk:
            lines = range(len(sheet.lines))
            months = [drawn.text(at) for at in lines]
            weekdays = [drawn.cell(at, take.walk.weekday) for at in lines]
            drawn.days = walked(take.walk, months, weekdays, self._zone, drawn.wrong)
        elif take.spread:
            texts = [drawn.text(at) for at in range(len(sheet.lines))]
            drawn.days = spread(take.spread, texts, self._zone, drawn.wrong)
        self._every.append(drawn)
        return drawn

    def _joined(self, join: JoinOf, way: tuple[str | int, ...]) -> dict[str, str]:
        sheet = self._sheet(join.file, join.delimiter)
        for column in (join.key, join.take):
            self._column(sheet, column, way)
        return {line[join.key].strip(): line[join.take].strip() for line in sheet.lines}

    def _sheet(self, file: str, delimiter: str) -> Sheet:
        if (file, delimiter) not in self._sheets:
            self._sheets[file, delimiter] = read_sheet(self._data / file, delimiter)
        return self._sheets[file, delimiter]

    def _column(self, sheet: Sheet, column: str, way: tuple[str | int, ...]) -> None:
        if column and column not in (LINE, *sheet.columns):
            raise self._mapping.wrong(
                f"{sheet.path.name}, line 1, has no column {column}; it has {', '.join(sheet.columns)}", *way
            )

    def _referred(self, groups: Iterable[Group]) -> None:
        """What is referred to has keys."""
        keyed = {group.name for group in groups if group.keyed}
        for drawn in self._every:
            if drawn.take.ref and drawn.take.ref not in keyed:
                raise drawn.mend(f"no {drawn.take.ref} have a key; give their section `key`, a column's name")


def _all(take: Take | list[Take] | None) -> list[Take]:
    return take if isinstance(take, list) else [take] if take else []


def _lines(sheet: Sheet, spec: Lines) -> list[int]:
    """The lines a section takes."""
    taken, seen = [], set()
    for at, line in enumerate(sheet.lines):
        if any(line[column].strip() not in values for column, values in spec.only.items()):
            continue
        if spec.each:
            value = line[spec.each].strip()
            if value in seen or not value or value in spec.nulls:
                continue
            seen.add(value)
        taken.append(at)
    return taken
