"""Pages of list methods: which records, in which order, which fields of them, how many in all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import orjson

from headwater.sandbox.bitrix24.fields import Compare, Table, Values
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.store import Store, index_name

PAGE = 50
Raw = tuple[int, bytes]
"""A record as SQLite gives it: its id and its values as JSON."""

_FEW = 10_000
"""Up to so many matches of an index are sorted; above, walking the ids is cheaper."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list call asks for. `order` is (field, descending) pairs; `start` -1 means: do not count."""

    where: Where
    order: Sequence[tuple[str, bool]]
    start: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of records with the total (0 when not counted) and where the next page starts, if one does."""

    records: list[Raw]
    total: int
    next: int | None


@dataclass(slots=True)
class Lists:
    """Reads pages from a store, remembering counts until something is written."""

    store: Store
    _seen: int = -1
    _counts: dict[tuple[str, tuple[Any, ...]], int] = field(default_factory=dict)

    def page(self, table: Table, asked: Asked, *, shuffle: int = 0) -> Listed:
        """One page. `shuffle`: a list without order comes in one that differs for each such number."""
        offset = max(asked.start, 0)
        records = self._records(table, asked, offset, shuffle)
        if asked.start < 0:
            return Listed(records, 0, None)
        total = self._count(table, asked.where)
        return Listed(records, total, offset + PAGE if offset + PAGE < total else None)

    def _records(self, table: Table, asked: Asked, offset: int, shuffle: int) -> list[Raw]:
        by = ", ".join(_direction(table, name, down) for name, down in asked.order)
        if not any(name == "ID" for name, _ in asked.order):
            stable = f"(id * 2654435761 + {shuffle * 40503}) % 1000003" if shuffle and not by else "id"
            by = f"{by}, {stable}" if by else stable
        found = self.store.select(
            f"select id, cast(data as blob) from {table.entity.name} {self._hint(table, asked.where)}"  # noqa: S608 (declared names)
            f" where {asked.where.sql} order by {by} limit {PAGE} offset {offset}",
            asked.where.arguments,
        )
        return found.fetchall()

    def _count(self, table: Table, where: Where) -> int:
        hint = self._hint(table, where, few=False)
        return self._counted(
            f"select count(*) from {table.entity.name} {hint} where {where.sql}",  # noqa: S608 (declared names)
            where.arguments,
        )

    def _hint(self, table: Table, where: Where, *, few: bool = True) -> str:
        """Which index to read by: the one with the fewest matches, unless walking the ids is cheaper."""
        best, fewest = "", _FEW + 1
        for name in {condition.index for condition in where.conditions if condition.index}:
            matches = self._matches(table, name, [one for one in where.conditions if one.index == name])
            if matches < fewest or (not few and not best):
                best, fewest = name, min(matches, fewest)
        return (
            f"indexed by {index_name(table.entity.name, best)}"
            if best
            else "not indexed"
            if where.conditions
            else ""
        )

    def _matches(self, table: Table, name: str, conditions: Sequence[Condition]) -> int:
        where = Where(list(conditions))
        return self._counted(
            f"select count(*) from (select 1 from {table.entity.name}"  # noqa: S608 (declared names)
            f" indexed by {index_name(table.entity.name, name)} where {where.sql} limit {_FEW + 1})",
            where.arguments,
        )

    def _counted(self, sql: str, arguments: tuple[Any, ...]) -> int:
        if self._seen != self.store.version:
            self._counts.clear()
            self._seen = self.store.version
        key = (sql, arguments)
        if key not in self._counts:
            self._counts[key] = int(self.store.select(sql, arguments).fetchone()[0])
        return self._counts[key]


def _direction(table: Table, name: str, down: bool) -> str:
    one = table.fields[name]
    collate = " collate portal" if one.compare is Compare.WORDS else ""
    return f"{expression(table, one)}{collate}{' desc' if down else ''}"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which fields of a record go into a row, and where they are kept (-1: the id); `whole`: all that `*` and
    `UF_*` mean; `optional` ones are in a row only when they have values."""

    names: Sequence[str]
    slots: Sequence[int]
    whole: bool
    optional: Sequence[str]


def classic_shape(table: Table, select: Sequence[str]) -> Shape:
    """The select of a classic list: names, `*` (system fields), `UF_*`, `PROPERTY_*`; nothing known means
    everything."""
    wanted = {name.upper() for name in select} or {"*", "UF_*"}
    every = [name for name in table.names if name not in table.hidden]
    secret = {one.name for one in table.columns if not one.listed}
    names = [
        name
        for name in table.names
        if name not in secret
        and (
            name in wanted
            or (name not in table.hidden and ("UF_*" if name.startswith("UF_") else "*") in wanted)
            or (name.startswith("PROPERTY_") and "PROPERTY_*" in wanted)
        )
    ] or every
    slots = [-1 if name == "ID" else table.slots[name] for name in names]
    return Shape(names, slots, names == every, [name for name in names if name in table.multifields])


class Rows(Sequence[Values]):
    """The rows of a classic page, made from their stored form only when somebody looks or when they are
    sent: a batch holds 2,500 of them, of which a reference reads one."""

    def __init__(self, table: Table, shape: Shape, records: Sequence[Raw]) -> None:
        self._table = table
        self._shape = shape
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, at: int) -> Values: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Values]: ...

    def __getitem__(self, at: int | slice) -> Values | Sequence[Values]:
        if isinstance(at, slice):
            return Rows(self._table, self._shape, self._records[at])
        return self._row(*self._records[at])

    def __iter__(self) -> Iterator[Values]:
        return (self._row(*record) for record in self._records)

    def _row(self, record_id: int, data: bytes) -> Values:
        if self._shape.whole:
            return self._table.listed(record_id, orjson.loads(data))
        if self._shape.names == ["ID"]:
            return {"ID": str(record_id)}
        values = self._table.padded(orjson.loads(data))
        pairs = zip(self._shape.names, self._shape.slots, strict=True)
        row = {name: str(record_id) if slot < 0 else values[slot] for name, slot in pairs}
        for name in self._shape.optional:
            if not row[name]:
                del row[name]
        return row

    def sent(self) -> orjson.Fragment:
        """The rows as JSON."""
        return orjson.Fragment(orjson.dumps(list(self)))


def classic_order(table: Table, order: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The order of a classic list; unknown fields are ignored."""
    return [
        (name.upper(), str(direction).upper() == "DESC")
        for name, direction in order.items()
        if name.upper() in table.slots or name.upper() == "ID"
    ]
