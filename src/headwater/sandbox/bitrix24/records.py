"""Writing records: what a client may set, what follows from it, and changes from behind the scenes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from headwater.sandbox.bitrix24 import links, multifields
from headwater.sandbox.bitrix24.belongings import Belongings
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.events import ADD, DELETE, DYNAMIC, MOVE, UPDATE
from headwater.sandbox.bitrix24.fields import MULTIFIELD, Moment, Table, Values
from headwater.sandbox.bitrix24.merging import merged
from headwater.sandbox.bitrix24.repointing import repoint
from headwater.sandbox.bitrix24.stages import steps
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
    tables: Mapping[str, Table]

    @property
    def _belongings(self) -> Belongings:
        return Belongings(self.store, self.tables)

    def add(self, table: Table, given: Mapping[str, Any], user_id: int) -> int:
        """Creates a record from what a client sent; its id. Unknown and read-only names are ignored."""
        record_id = self.store.next_id(table)
        record = {"ID": str(record_id)} | self._allowed(table, given, {}, immutable=True)
        table.entity.born(self.books, record, self._moment(user_id))
        with self.store.together():
            self.store.put(table, [(record_id, table.row(record))])
            self._trace(table, [(None, record)])
            self._stir(table, [record], user_id)
        self._told(table, ADD, record_id)
        return record_id

    def insert(self, table: Table, given: Mapping[str, Any], user_id: int, count: int) -> list[int]:
        """Creates so many records in one second, with raw values as they are given; their ids.

        KeyError names an unknown field.
        """
        _known(table, given)
        moment = self._moment(user_id)
        first = self.store.next_id(table, count)
        ids, made = range(first, first + count), []
        for record_id in ids:
            record: Values = {"ID": str(record_id), **given}
            table.entity.born(self.books, record, moment)
            made.append({**record, **given})
        with self.store.together():
            self.store.put(table, zip(ids, map(table.row, made), strict=True))
            self._trace(table, [(None, record) for record in made])
            self._stir(table, made, user_id)
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
        new = old | self._allowed(table, given, old, immutable=immutable)
        table.entity.changed(self.books, old, new, self._moment(user_id))
        with self.store.together():
            self.store.put(table, [(record_id, table.row(new))])
            self._trace(table, [(old, new)])
        self._told(table, UPDATE, record_id, old, new)
        return True

    def rebind(
        self,
        table: Table,
        record_id: int,
        kept: str,
        first: str,
        pairs: Sequence[tuple[int, int]],
        primary: int,
        user_id: int,
    ) -> None:
        """Binds a record to exactly these others, each an id with its place; it counts as changed."""
        values = self.store.get(table, record_id)
        if values is None:
            return
        record = table.record(record_id, values)
        links.bind(record, kept, first, pairs, primary)
        record[table.entity.modified] = self.clock.shown()
        record[table.entity.modified_by] = str(user_id)
        self.store.put(table, [(record_id, table.row(record))])
        self._told(table, UPDATE, record_id)

    def force(
        self, table: Table, ids: Sequence[int], given: Mapping[str, Any], *, touch: bool, silent: bool = False
    ) -> None:
        """Sets raw values as they are, however dirty; creates the records that are not there.

        `touch` moves the modified time, of all of them to the same second, as a person's edit would;
        `silent` ones cause no events. KeyError names an unknown field.
        """
        _known(table, given)
        stamp = {table.entity.modified: self.clock.shown()} if touch and table.entity.modified else {}
        changes: list[tuple[int, Values | None, Values]] = []
        for record_id in ids:
            values = self.store.get(table, record_id)
            old = None if values is None else table.record(record_id, values)
            new = {**(old or table.record(record_id, table.empties)), **given, **stamp}
            changes.append((record_id, old, new))
        with self.store.together():
            self.store.put(table, ((record_id, table.row(new)) for record_id, _, new in changes))
            self._trace(table, [(old, new) for _, old, new in changes])
        if not silent:
            for record_id, old, new in changes:
                self._told(table, UPDATE if old else ADD, record_id, old, new)

    def remove(self, table: Table, ids: Iterable[int], *, silent: bool = False) -> int:
        """Puts records into the recycle bin, with what belongs to nobody else; how many of them existed."""
        with self.store.together():
            gone = self.store.discard(table, ids)
            orphans = self._belongings.orphaned(table, gone) if table.entity.owners is None else {}
            for name, others in orphans.items():
                self.store.discard(self.tables[name], others)
        if not silent:
            for name, others in ({table.entity.name: gone} | orphans).items():
                for record_id in others:
                    self._told(self.tables[name], DELETE, record_id)
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
        record[table.entity.modified] = self.clock.shown()
        record[table.entity.modified_by] = str(user_id)
        with self.store.together():
            self.store.put(table, [(survivor, table.row(record))])
            self.store.discard(table, losers)
            repoint(self.store, self.tables.values(), table.entity.name, losers, survivor)
            self._belongings.inherited(table, losers, survivor)
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
            if touch and table.entity.modified:
                record[table.entity.modified] = self.clock.shown()
            self.store.put(table, [(back, table.row(record))])
            belongings = self._belongings.returned(table, record_id, back)
        self._told(table, ADD, back)
        for name, others in belongings.items():
            for other in others:
                self._told(self.tables[name], ADD, other)
        return back

    def _trace(self, table: Table, changes: Sequence[tuple[Values | None, Values]]) -> None:
        """Remembers every stage that was reached, for entities that have stages."""
        if table.entity.stage:
            trail = self.tables[f"{table.entity.name}_stages"]
            if made := steps(table.entity, changes, self.clock.shown()):
                first = self.store.next_id(trail, len(made))
                self.store.put(trail, enumerate(made, first))

    def _stir(self, table: Table, made: Sequence[Values], user_id: int) -> None:
        """What is new in the timeline of its owners moves their last activity."""
        if table.entity.owners:
            owners = dict.fromkeys(owner for record in made for owner in table.entity.owners(record))
            self._belongings.stir(owners, self.clock.shown(), user_id)

    def _told(
        self, table: Table, verb: str, record_id: int, old: Values | None = None, new: Values | None = None
    ) -> None:
        """A move to another pipeline is told as that and as nothing else."""
        fields = {"ID": str(record_id)}
        entity = table.entity
        if entity.event == DYNAMIC:
            fields["ENTITY_TYPE_ID"] = str(entity.type_id)
            self.tell(DYNAMIC, f"{verb}_{entity.type_id}", fields)
        elif old and new and old.get("CATEGORY_ID") != new.get("CATEGORY_ID"):
            fields |= {name: str(new[name]) for name in ("CATEGORY_ID", "STAGE_ID")}
            verb = MOVE
        self.tell(entity.event or entity.name, verb, fields)

    def _allowed(self, table: Table, given: Mapping[str, Any], old: Values, *, immutable: bool) -> Values:
        """What a client may set of what it sent, in the form it is kept in."""
        allowed: Values = {}
        for name, value in given.items():
            field = table.fields.get(str(name).upper())
            if field is None or field.readonly or field.name not in table.slots:
                continue
            if field.immutable and not immutable:
                continue
            if field.type == MULTIFIELD:
                allowed[field.name] = multifields.rewritten(
                    field.name, old.get(field.name), value, lambda: self.store.serial("multifield")
                )
            else:
                allowed[field.name] = written(field, value, self.clock.zone)
        links.settle(table.entity, old, allowed, dict(allowed))
        return allowed

    def _moment(self, user_id: int) -> Moment:
        today = self.clock.now().date()
        week = shown_day(today + timedelta(days=7), self.clock.zone)
        return Moment(user_id, self.clock.shown(), shown_day(today, self.clock.zone), week)


def _known(table: Table, given: Mapping[str, Any]) -> None:
    unknown = sorted(set(given) - set(table.names))
    if unknown:
        raise KeyError(f"{table.entity.name} has no field {', '.join(unknown)}")
