"""The portal's records in SQLite: one JSON list of values a record, indexes on what lists filter by.

What was deleted lies in a table of its own, the recycle bin, until it is restored.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import digits, expression, fold, has, like

Stored = tuple[int, list[Any]]
"""A record as it is kept: its id and its values in the order of the table's columns."""


class Store:
    """In memory, or in a file that survives restarts. `version` moves with every write."""

    def __init__(self, path: Path | None = None) -> None:
        self.version = 0
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.create_collation("portal", lambda a, b: (fold(a) > fold(b)) - (fold(a) < fold(b)))
        self._db.create_function("portal_like", 2, like, deterministic=True)
        self._db.create_function("portal_has", 2, has, deterministic=True)
        self._db.create_function("portal_digits", 1, digits, deterministic=True)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("create table if not exists meta (name text primary key, value text not null)")

    def open(self, table: Table) -> None:
        """Makes the table of an entity and its indexes, where they are not there yet. ValueError when the
        records that are there have other columns."""
        name = table.entity.name
        for place in (name, _bin(table)):
            self._db.execute(
                f"create table if not exists {place} (id integer primary key, data text not null)"
            )
        layout = ",".join(one.name for one in table.columns if one.custom is None)
        if self.last_id(table) and self.read(f"layout.{name}") != layout:
            raise ValueError(f"its {name} records were written by another version")
        self.write(f"layout.{name}", layout)
        self._index(table)

    def _index(self, table: Table) -> None:
        name = table.entity.name
        for field in table.columns:
            if field.indexed:
                self._db.execute(
                    f"create index if not exists {index_name(name, field.name)}"
                    f" on {name} ({expression(table, field)})"
                )

    def _unindex(self, table: Table) -> None:
        for field in table.columns:
            if field.indexed:
                self._db.execute(f"drop index if exists {index_name(table.entity.name, field.name)}")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in the block is written whole or not at all."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def get(self, table: Table, record_id: int) -> list[Any] | None:
        """The values of one record, or None."""
        found = self._db.execute(
            f"select data from {table.entity.name} where id = ?",  # noqa: S608 (a declared name)
            (record_id,),
        ).fetchone()
        return None if found is None else table.padded(orjson.loads(found[0]))

    def put(self, table: Table, records: Iterable[Stored]) -> None:
        """Writes records, new or known, all or none."""
        self.version += 1
        with self.together():
            self._db.executemany(
                f"insert or replace into {table.entity.name} (id, data) values (?, ?)",  # noqa: S608 (a declared name)
                ((record_id, orjson.dumps(values).decode()) for record_id, values in records),
            )

    def fill(self, table: Table, records: Iterable[Stored]) -> None:
        """Writes very many records: the indexes are taken down and built again, packed, afterwards."""
        with self.filling([table]):
            self.put(table, records)

    @contextmanager
    def filling(self, tables: Iterable[Table]) -> Iterator[None]:
        """Very much is written into these tables in the block, all or nothing; their indexes follow."""
        several = list(tables)
        for table in several:
            self._unindex(table)
        try:
            with self.together():
                yield
        finally:
            for table in several:
                self._index(table)

    def discard(self, table: Table, ids: Iterable[int]) -> list[int]:
        """Moves records to the recycle bin; which of them there were, in order of id."""
        self.version += 1
        name, known = table.entity.name, self.ids(table, ids)
        with self.together():
            self._remember_ids(table)
            self._db.execute(
                f"insert or replace into {_bin(table)} select id, data from {name}"  # noqa: S608 (declared names)
                " where id in (select value from json_each(?))",
                (orjson.dumps(known).decode(),),
            )
            self._db.executemany(f"delete from {name} where id = ?", ((one,) for one in known))  # noqa: S608 (a declared name)
        return known

    def discarded(self, table: Table) -> list[int]:
        """The ids in the recycle bin."""
        return [int(one) for (one,) in self._db.execute(f"select id from {_bin(table)} order by id")]  # noqa: S608 (a declared name)

    def erase(self, table: Table, ids: Iterable[int]) -> None:
        """Deletes records for good."""
        self.version += 1
        with self.together():
            self._remember_ids(table)
            self._db.execute(
                f"delete from {table.entity.name} where id in (select value from json_each(?))",  # noqa: S608 (a declared name)
                (orjson.dumps(list(ids)).decode(),),
            )

    def reclaim(self, table: Table, record_id: int) -> list[Any] | None:
        """Takes a record out of the recycle bin; its values, or None when it is not there."""
        found = self._db.execute(
            f"delete from {_bin(table)} where id = ? returning data",  # noqa: S608 (a declared name)
            (record_id,),
        ).fetchall()
        return table.padded(orjson.loads(found[0][0])) if found else None

    def peek(self, table: Table, record_id: int) -> list[Any]:
        """The values of a record in the recycle bin. KeyError when it is not there."""
        found = self._db.execute(
            f"select data from {_bin(table)} where id = ?",  # noqa: S608 (a declared name)
            (record_id,),
        ).fetchone()
        if found is None:
            raise KeyError(f"{table.entity.name} {record_id} is not in the recycle bin")
        return table.padded(orjson.loads(found[0]))

    def discarded_with(self, table: Table, expr: str, value: int) -> list[int]:
        """The ids in the recycle bin for which an SQL expression has this value."""
        found = self._db.execute(f"select id from {_bin(table)} where {expr} = ? order by id", (value,))  # noqa: S608 (declared names)
        return [int(one) for (one,) in found]

    def rewrite(self, table: Table, change: Callable[[list[Any]], list[Any]]) -> None:
        """Puts every record, deleted ones too, through a function of its values: columns come or go."""
        self.version += 1
        with self.together():
            self._unindex(table)  # cheaper to build again than to keep up
            for place in (table.entity.name, _bin(table)):
                after = -1
                while page := self._page(place, after, 500):
                    changed = [
                        (orjson.dumps(change(table.padded(orjson.loads(data)))).decode(), record_id)
                        for record_id, data in page
                    ]
                    self._db.executemany(f"update {place} set data = ? where id = ?", changed)  # noqa: S608 (a declared name)
                    after = page[-1][0]
            self._index(table)

    def _page(self, place: str, after: int, limit: int) -> list[tuple[int, str]]:
        return self._db.execute(
            f"select id, data from {place} where id > ? order by id limit ?",  # noqa: S608 (a declared name)
            (after, limit),
        ).fetchall()

    def select(self, sql: str, arguments: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Runs a query built from declared names and bound values."""
        return self._db.execute(sql, arguments)

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Runs a statement on a table that belongs to no entity: tokens, the queue of offline events."""
        return self._db.execute(sql, arguments)

    def walk(self, table: Table, *, after: int = 0, limit: int = 1000) -> list[Stored]:
        """The next records in order of id."""
        found = self._page(table.entity.name, after, limit)
        return [(record_id, table.padded(orjson.loads(data))) for record_id, data in found]

    def ids(self, table: Table, among: Iterable[int] | None = None) -> list[int]:
        """The ids there are, in order; `among` others, when given."""
        name = table.entity.name
        if among is None:
            found = self._db.execute(f"select id from {name} order by id")  # noqa: S608 (a declared name)
        else:
            found = self._db.execute(
                f"select id from {name} where id in (select value from json_each(?)) order by id",  # noqa: S608 (a declared name)
                (orjson.dumps(list(among)).decode(),),
            )
        return [int(one) for (one,) in found]

    def all(self, table: Table) -> Iterator[Stored]:
        """Every record in order of id, read in pages, so that writes in between do no harm."""
        after = -1
        while page := self.walk(table, after=after):
            yield from page
            after = page[-1][0]

    def count(self, table: Table) -> int:
        return int(self._db.execute(f"select count(*) from {table.entity.name}").fetchone()[0])  # noqa: S608 (a declared name)

    def last_id(self, table: Table) -> int:
        return int(self._db.execute(f"select coalesce(max(id), 0) from {table.entity.name}").fetchone()[0])  # noqa: S608 (a declared name)

    def next_id(self, table: Table, count: int = 1) -> int:
        """The first of so many ids never given before, also when the newest records were deleted."""
        given = self._remember_ids(table)
        self.write(f"last_id.{table.entity.name}", str(given + count))
        return given + 1

    def _remember_ids(self, table: Table) -> int:
        """The highest id ever given, kept before the record that has it may go."""
        name = f"last_id.{table.entity.name}"
        given = max(int(self.read(name) or 0), self.last_id(table))
        self.write(name, str(given))
        return given

    def serial(self, name: str) -> int:
        """A number never given before under a name: the id of what is no record of its own."""
        given = int(self.read(f"serial.{name}") or 0) + 1
        self.write(f"serial.{name}", str(given))
        return given

    def read(self, name: str) -> str | None:
        """A remembered text."""
        found = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def write(self, name: str, value: str) -> None:
        """Remembers a text under a name."""
        self._db.execute("insert or replace into meta (name, value) values (?, ?)", (name, value))


def _bin(table: Table) -> str:
    return f"bin_{table.entity.name}"


def index_name(entity: str, field: str) -> str:
    return f"{entity}_{field.lower()}"
