"""Writing records: what a client may set, what follows from it, and changes from behind the scenes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.events import ADD, DELETE, MOVE, UPDATE
from headwater.sandbox.bitrix24.fields import Moment, Table, Values
from headwater.sandbox.bitrix24.merging import merged
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.values import shown_day, written

Tell = Callable[[str, str, Mapping[str, str]], None]
"""Hears of everything that happens: which entity, what happened, the fields of the event."""


@dataclass(slots=True)
class Records:
    """Adds, updates, merges, removes and restores the records of a portal by its own rules."""

    store: Store
    books: Books
    clock: PortalClock
    tell: Tell

    def add(self, table: Table, given: Mapping[str, Any], user_id: int) -> int:
        """Creates a record from what a client sent; its id. Unknown and read-only names are ignored."""
        record_id = self.store.next_id(table)
        record = {"ID": str(record_id)} | self._allowed(table, given, immutable=True)
        table.entity.born(self.books, record, self._moment(user_id))
        self.store.put(table, [(record_id, table.row(record))])
        self._told(table, ADD, record_id)
        return record_id

    def insert(self, table: Table, given: Mapping[str, Any], user_id: int, count: int) -> list[int]:
        """Creates so many records in one second, with raw values as they are given; their ids.

        KeyError names an unknown field.
        """
        _known(table, given)
        moment = self._moment(user_id)
        first = self.store.next_id(table, count)
        ids, rows = range(first, first + count), []
        for record_id in ids:
            record: Values = {"ID": str(record_id), **given}
            table.entity.born(self.books, record, moment)
            rows.append((record_id, table.row({**record, **given})))
        self.store.put(table, rows)
        for record_id in ids:
            self._told(table, ADD, record_id)
        return list(ids)

    def update(
        self, table: Table, record_id: int, given: Mapping[str, Any], user_id: int, *, immutable: bool = False
    ) -> bool:
        """Changes a record as a client asked; whether it exists. `immutable` fields only when allowed."""
        values = self.store.get(table, record_id)
        if values is None:
            return False
        old = table.record(record_id, values)
        new = old | self._allowed(table, given, immutable=immutable)
        table.entity.changed(self.books, old, new, self._moment(user_id))
        self.store.put(table, [(record_id, table.row(new))])
        self._told(table, UPDATE, record_id, old, new)
        return True

    def force(
        self, table: Table, ids: Sequence[int], given: Mapping[str, Any], *, touch: bool, silent: bool = False
    ) -> None:
        """Sets raw values as they are, however dirty; creates the records that are not there.

        `touch` moves the modified time, of all of them to the same second, as a person's edit would;
        `silent` ones cause no events. KeyError names an unknown field.
        """
        _known(table, given)
        stamp = {"DATE_MODIFY": self.clock.shown()} if touch else {}
        changes: list[tuple[int, Values | None, Values]] = []
        for record_id in ids:
            values = self.store.get(table, record_id)
            old = None if values is None else table.record(record_id, values)
            new = {**(old or table.record(record_id, table.empties)), **given, **stamp}
            changes.append((record_id, old, new))
        self.store.put(table, ((record_id, table.row(new)) for record_id, _, new in changes))
        if not silent:
            for record_id, old, new in changes:
                self._told(table, UPDATE if old else ADD, record_id, old, new)

    def remove(self, table: Table, ids: Iterable[int], *, silent: bool = False) -> int:
        """Puts records into the recycle bin; how many of them existed."""
        gone = self.store.discard(table, ids)
        if not silent:
            for record_id in gone:
                self._told(table, DELETE, record_id)
        return len(gone)

    def merge(self, table: Table, ids: Iterable[int], user_id: int) -> list[int]:
        """Makes one record of several: the first stays, the others are deleted; the ids of those.

        ValueError when fewer than two of them exist.
        """
        found = {one: values for one in dict.fromkeys(ids) if (values := self.store.get(table, one))}
        if len(found) < 2:
            raise ValueError(f"a merge takes two records or more; of these there are {len(found)}")
        first, *rest = [table.record(record_id, values) for record_id, values in found.items()]
        survivor, *losers = found
        record = merged(table, first, rest)
        record["DATE_MODIFY"], record["MODIFY_BY_ID"] = self.clock.shown(), str(user_id)
        with self.store.together():
            self.store.put(table, [(survivor, table.row(record))])
            self.store.discard(table, losers)
        for record_id in losers:
            self._told(table, DELETE, record_id)
        self._told(table, UPDATE, survivor)
        return losers

    def restore(self, table: Table, record_id: int, *, same_id: bool, touch: bool) -> int:
        """Brings a record back from the recycle bin under its old id or a new one; which one.

        KeyError when it is not in the bin, ValueError when somebody else has its id by now.
        """
        with self.store.together():
            values = self.store.reclaim(table, record_id)
            if values is None:
                raise KeyError(f"{table.entity.name} {record_id} is not in the recycle bin")
            if same_id and self.store.get(table, record_id) is not None:
                raise ValueError(f"there is a {table.entity.name} {record_id} again; restore under a new id")
            back = record_id if same_id else self.store.next_id(table)
            record = table.record(back, values)
            if touch:
                record["DATE_MODIFY"] = self.clock.shown()
            self.store.put(table, [(back, table.row(record))])
        self._told(table, ADD, back)
        return back

    def _told(
        self, table: Table, verb: str, record_id: int, old: Values | None = None, new: Values | None = None
    ) -> None:
        """A move to another pipeline is told as that and as nothing else."""
        fields = {"ID": str(record_id)}
        if old and new and old.get("CATEGORY_ID") != new.get("CATEGORY_ID"):
            fields |= {name: str(new[name]) for name in ("CATEGORY_ID", "STAGE_ID")}
            verb = MOVE
        self.tell(table.entity.name, verb, fields)

    def _allowed(self, table: Table, given: Mapping[str, Any], *, immutable: bool) -> Values:
        allowed: Values = {}
        for name, value in given.items():
            field = table.fields.get(str(name).upper())
            if field is None or field.readonly or not field.listed or (field.immutable and not immutable):
                continue
            allowed[field.name] = written(field, value, self.clock.zone)
        return allowed

    def _moment(self, user_id: int) -> Moment:
        today = self.clock.now().date()
        week = shown_day(today + timedelta(days=7), self.clock.zone)
        return Moment(user_id, self.clock.shown(), shown_day(today, self.clock.zone), week)


def _known(table: Table, given: Mapping[str, Any]) -> None:
    unknown = sorted(set(given) - set(table.names))
    if unknown:
        raise KeyError(f"{table.entity.name} has no field {', '.join(unknown)}")
