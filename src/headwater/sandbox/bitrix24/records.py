"""Writing records: what a client may set, what follows from it, and changes from behind the scenes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.fields import Moment, Table, Values
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.values import shown_day, written


@dataclass(slots=True)
class Records:
    """Adds, updates and removes the records of a portal by its own rules."""

    store: Store
    books: Books
    clock: PortalClock

    def add(self, table: Table, given: Mapping[str, Any], user_id: int) -> int:
        """Creates a record from what a client sent; its id. Unknown and read-only names are ignored."""
        record_id = self.store.next_id(table)
        record = {"ID": str(record_id)} | self._allowed(table, given, immutable=True)
        table.entity.born(self.books, record, self._moment(user_id))
        self.store.put(table, [(record_id, table.row(record))])
        return record_id

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
        return True

    def force(self, table: Table, record_id: int, given: Mapping[str, Any], *, touch: bool) -> None:
        """Sets raw values as they are, however dirty; creates the record when it is not there.

        `touch` moves the modified time, as a person's edit would. KeyError names an unknown field.
        """
        values = self.store.get(table, record_id)
        record = table.record(record_id, table.empties if values is None else values)
        unknown = sorted(set(given) - set(record))
        if unknown:
            raise KeyError(f"{table.entity.name} {record_id} has no field {', '.join(unknown)}")
        record |= given
        if touch:
            record["DATE_MODIFY"] = self.clock.shown()
        self.store.put(table, [(record_id, table.row(record))])

    def remove(self, table: Table, ids: Iterable[int]) -> int:
        """Deletes records; how many of them existed."""
        return sum(self.store.delete(table, record_id) for record_id in ids)

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
