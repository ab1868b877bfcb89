"""What belongs to records: activities and comments are stirred, deleted, restored and merged with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headwater.sandbox.bitrix24.fields import Owner, Table, Values
from headwater.sandbox.bitrix24.filters import expression
from headwater.sandbox.bitrix24.lookup import where
from headwater.sandbox.bitrix24.store import Store


def table_of(tables: Mapping[str, Table], owner: Owner) -> Table | None:
    """Where an owner is kept: owners are told by the number of their type or by its name."""
    if isinstance(owner[0], str):
        return tables.get(owner[0])
    return next((one for one in tables.values() if owner[0] and one.entity.type_id == owner[0]), None)


@dataclass(frozen=True, slots=True)
class Belongings:
    """Keeps activities and comments in step with the records they belong to."""

    store: Store
    tables: Mapping[str, Table]

    def stir(self, made: Iterable[Owner], now: str, user_id: int) -> None:
        """Moves the last activity of the owners of what was made, and nothing else of them."""
        for owner in made:
            table = table_of(self.tables, owner)
            values = self.store.get(table, owner[1]) if table else None
            if table is None or values is None or "LAST_ACTIVITY_TIME" not in table.slots:
                continue
            values[table.slots["LAST_ACTIVITY_TIME"]] = now
            values[table.slots["LAST_ACTIVITY_BY"]] = str(user_id)
            if "LAST_COMMUNICATION_TIME" in table.slots:
                values[table.slots["LAST_COMMUNICATION_TIME"]] = now
            self.store.put(table, [(owner[1], values)])

    def orphaned(self, owner: Table, ids: Sequence[int]) -> dict[str, list[int]]:
        """What belonged to deleted records and to nobody else, by table."""
        found: dict[str, list[int]] = {}
        gone = _names(owner, ids)
        for table in self._holding():
            held = [table.record(*one) for one in where(self.store, table, table.entity.owner, ids)]
            lost = [int(one["ID"]) for one in held if set(_owners(table, one)) <= gone]
            if lost:
                found[table.entity.name] = lost
        return found

    def returned(self, owner: Table, was: int, now: int) -> dict[str, list[int]]:
        """Gives a record that is back what went into the recycle bin with it; the ids, by table."""
        back: dict[str, list[int]] = {}
        names = _names(owner, [was])
        for table in self._holding():
            for record_id in self.store.discarded_with(table, _owned_by(table), was):
                record = table.record(record_id, self.store.peek(table, record_id))
                if set(_owners(table, record)) <= names:
                    self.store.reclaim(table, record_id)
                    _hand_over(table, record, names, now)
                    self.store.put(table, [(record_id, table.row(record))])
                    back.setdefault(table.entity.name, []).append(record_id)
        return back

    def inherited(self, owner: Table, losers: Sequence[int], heir: int) -> None:
        """Makes what belonged to the losers of a merge the survivor's; no modified time moves."""
        names = _names(owner, losers)
        for table in self._holding():
            for record_id, values in where(self.store, table, table.entity.owner, losers):
                record = table.record(record_id, values)
                _hand_over(table, record, names, heir)
                self.store.put(table, [(record_id, table.row(record))])

    def _holding(self) -> list[Table]:
        return [table for table in self.tables.values() if table.entity.owners]


def _names(owner: Table, ids: Iterable[int]) -> set[Owner]:
    """How records may be named as owners: by the number of their entity and by its word."""
    return {(key, one) for key in (owner.entity.type_id, owner.entity.name) for one in ids}


def _owned_by(table: Table) -> str:
    return expression(table, table.fields[table.entity.owner])


def _owners(table: Table, record: Values) -> list[Owner]:
    return table.entity.owners(record) if table.entity.owners else []


def _hand_over(table: Table, record: Values, names: set[Owner], heir: int) -> None:
    for held in _owners(table, record):
        if table.entity.moved and held in names:
            table.entity.moved(record, held, (held[0], heir))
