"""Pages of list methods: which records, in which order, which fields of them, how many in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from headwater.sandbox.bitrix24.fields import Compare, Table
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.store import Store, Stored, index_name

PAGE = 50
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

    records: list[Stored]
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

    def _records(self, table: Table, asked: Asked, offset: int, shuffle: int) -> list[Stored]:
        by = ", ".join(_direction(table, name, down) for name, down in asked.order)
        if not any(name == "ID" for name, _ in asked.order):
            stable = f"(id * 2654435761 + {shuffle * 40503}) % 1000003" if shuffle and not by else "id"
            by = f"{by}, {stable}" if by else stable
        found = self.store.select(
            f"select id, data from {table.entity.name} {self._hint(table, asked.where)}"  # noqa: S608 (declared names)
            f" where {asked.where.sql} order by {by} limit {PAGE} offset {offset}",
            asked.where.arguments,
        )
        return [(record_id, orjson.loads(data)) for record_id, data in found]

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
    """Which fields of a record go into a row, and under which names; `whole` when it is all of them."""

    names: Sequence[str]
    slots: Sequence[int]
    whole: bool


def classic_shape(table: Table, select: Sequence[str]) -> Shape:
    """The select of a classic list: names, `*` (system fields), `UF_*`; nothing known means everything."""
    wanted = {name.upper() for name in select} or {"*", "UF_*"}
    names = [
        name
        for name in table.names
        if name in wanted or ("UF_*" if name.startswith("UF_") else "*") in wanted
    ] or list(table.names)
    return Shape(
        names, [-1 if name == "ID" else table.slots[name] for name in names], len(names) == len(table.names)
    )


def classic_rows(table: Table, shape: Shape, records: Sequence[Stored]) -> list[dict[str, Any]]:
    """Stored records as rows of a classic list."""
    if shape.whole:
        full, names = len(table.columns), table.names
        return [
            dict(zip(names, (str(key), *(row if len(row) == full else table.padded(row))), strict=True))
            for key, row in records
        ]
    pairs = list(zip(shape.names, shape.slots, strict=True))
    return [
        {name: str(key) if slot < 0 else values[slot] for name, slot in pairs}
        for key, values in ((key, table.padded(row)) for key, row in records)
    ]


def classic_order(table: Table, order: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The order of a classic list; unknown fields are ignored."""
    return [
        (name.upper(), str(direction).upper() == "DESC")
        for name, direction in order.items()
        if name.upper() in table.slots or name.upper() == "ID"
    ]
