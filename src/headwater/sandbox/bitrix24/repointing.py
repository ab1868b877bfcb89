"""After a merge what pointed at the losers points at the survivor, and nobody is told."""

from collections.abc import Iterable, Sequence

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.links import bind, bound
from headwater.sandbox.bitrix24.lookup import bound_to, where
from headwater.sandbox.bitrix24.store import Store


def repoint(store: Store, tables: Iterable[Table], entity: str, losers: Sequence[int], survivor: int) -> None:
    """Puts the survivor into every reference to one of the losers; no modified time moves."""
    for table in tables:
        fields = [one.name for one in table.columns if one.type == f"crm_{entity}" and not one.multiple]
        lists = {kept: first for kept, first in table.entity.links.items() if first in fields}
        changed: dict[int, Values] = {}
        for name in fields:
            for record_id, values in where(store, table, name, losers):
                record = changed.setdefault(record_id, table.record(record_id, values))
                if name in lists.values():
                    continue
                record[name] = str(survivor)
        for kept, first in lists.items():
            for loser in losers:
                for record_id in bound_to(store, table, kept, first, loser):
                    found = store.get(table, record_id)
                    if found is not None:
                        changed.setdefault(record_id, table.record(record_id, found))
            for record in changed.values():
                _rebound(record, kept, first, losers, survivor)
        store.put(table, [(record_id, table.row(record)) for record_id, record in changed.items()])


def _rebound(record: Values, kept: str, first: str, losers: Sequence[int], survivor: int) -> None:
    pairs = [(survivor if one in losers else one, place) for one, place in bound(record, kept, first)]
    primary = php.integer(record[first])
    bind(record, kept, first, dict.fromkeys(pairs), survivor if primary in losers else primary)
