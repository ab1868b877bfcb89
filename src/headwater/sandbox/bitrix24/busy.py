"""The company does not hold still while its records are being paged."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from headwater.sandbox.bitrix24.entities import ENTITIES
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.records import Records
from headwater.sandbox.bitrix24.work import edited, lost, won_over

_PAGED = {"batch", "crm.item.list"} | {f"crm.{entity.name}.list" for entity in ENTITIES}


@dataclass(slots=True)
class Busy:
    """Before every `every`-th request for a page or a batch: so many edits, deletions and new records.

    `inside` counts the lists within a batch as well, so that records change between its pages;
    `entity` says which records.
    """

    changes: int = 0
    deletes: int = 0
    inserts: int = 0
    every: int = 1
    inside: bool = False
    entity: str = "deal"
    _seen: int = 0

    def __post_init__(self) -> None:
        if min(self.changes, self.deletes, self.inserts) < 0 or self.every < 1:
            raise ValueError("changes, deletes and inserts are 0 or more, every is 1 or more")

    @property
    def on(self) -> bool:
        return bool(self.changes or self.deletes or self.inserts)

    def disturb(
        self, method: str, records: Records, tables: Mapping[str, Table], dice: random.Random, *, inside: bool
    ) -> None:
        """Makes the changes this request or command is due."""
        if method not in _PAGED or (inside and not self.inside):
            return
        self._seen += 1
        if self._seen % self.every:
            return
        table = tables[self.entity]
        edited(records, table, self.changes, dice)
        lost(records, table, self.deletes, dice)
        won_over(records, table, self.inserts, dice)
