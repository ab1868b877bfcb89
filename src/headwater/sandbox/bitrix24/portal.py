"""The portal itself: its records, books, limits and faults, and everything a test may do to it."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from headwater.sandbox.bitrix24.books import Books, UserField, load
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.deals import ENTITIES
from headwater.sandbox.bitrix24.faults import Fault, Faults, fault_of
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.limits import Limits, Rules
from headwater.sandbox.bitrix24.lists import Lists
from headwater.sandbox.bitrix24.records import Records
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.work import worked


class State(StrEnum):
    """Whether the portal as a whole serves."""

    OPEN = "open"
    DELETED = "deleted"  # 410 PORTAL_DELETED
    UNPAID = "unpaid"  # 403, only on commercial plans
    OVERLOADED = "overloaded"  # 503 OVERLOAD_LIMIT
    MOVED = "moved"  # 302 to `moved_to`


@dataclass(slots=True)
class Stats:
    """What clients did: HTTP requests by method, batch commands by method, answers by status."""

    requests: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def shown(self) -> dict[str, Any]:
        return {
            "requests": sum(self.requests.values()),
            "refused_503": self.statuses[503],
            "refused_429": self.statuses[429],
            "by_method": dict(self.requests),
            "commands": dict(self.commands),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "errors": dict(self.errors),
        }


class Portal:
    """One rehearsal portal. Its books come from `books`, else from the store file, else they are empty.

    Everything here is plain and synchronous: a test that holds the portal calls it directly, the control
    door calls the same.
    """

    def __init__(
        self,
        books: Books | None = None,
        *,
        store: Path | None = None,
        clock: PortalClock | None = None,
        rules: Rules | None = None,
        seed: int = 1,
        strict_https: bool = False,
        shuffle_unordered: bool = False,
    ) -> None:
        self.clock = clock or PortalClock()
        self.store = Store(store)
        saved = self.store.read("books")
        self.books = books or (load(saved) if saved else Books())
        self.limits = Limits(self.clock, rules or Rules())
        self.faults = Faults(seed)
        self.lists = Lists(self.store)
        self.records = Records(self.store, self.books, self.clock)
        self.stats = Stats()
        self.state = State.OPEN
        self.moved_to = ""
        self.strict_https = strict_https
        self.shuffle_unordered = shuffle_unordered
        self.tables = {one.name: Table(one, self.books.fields_of(one.book)) for one in ENTITIES}
        for table in self.tables.values():
            self.store.open(table)
        self._dice = random.Random(seed)  # noqa: S311 (a believable company, not a secret)
        self.save()

    @property
    def deals(self) -> Table:
        return self.tables["deal"]

    def save(self) -> None:
        """Remembers the books in the store."""
        self.store.write("books", self.books.dump())

    def close(self) -> None:
        self.store.close()

    def add_user_field(self, user_field: UserField) -> None:
        """One more custom field; records written before are empty in it."""
        self.books.user_fields.append(user_field)
        for table in self.tables.values():
            if table.entity.book == user_field.entity:
                table.add(user_field)
        self.save()

    def truth(self, entity: str = "deal") -> Iterator[Values]:
        """Every record with all its fields, as a list with `*` and `UF_*` would show it to an admin."""
        table = self.tables[entity]
        for record_id, values in self.store.all(table):
            yield table.record(record_id, values)

    def get(self, record_id: int, entity: str = "deal") -> Values | None:
        """One record with all its fields, or None."""
        values = self.store.get(self.tables[entity], record_id)
        return None if values is None else self.tables[entity].record(record_id, values)

    def change(
        self, record_id: int, fields: Mapping[str, Any], *, touch: bool = True, entity: str = "deal"
    ) -> None:
        """Sets raw JSON values of a record, creating it when it is new; without `touch` its modified time
        stands still. KeyError names an unknown field."""
        self.records.force(self.tables[entity], record_id, fields, touch=touch)

    def remove(self, ids: Iterable[int], entity: str = "deal") -> int:
        """Deletes records; how many there were."""
        return self.records.remove(self.tables[entity], ids)

    def work(self, changes: int) -> list[int]:
        """Lets the company make believable changes to its deals; the ids of the deals concerned."""
        return worked(self.records, self.deals, changes, self._dice)

    def add_fault(self, fault: Fault | Mapping[str, Any]) -> None:
        """Adds to the script of faults; ValueError says what is wrong with one."""
        self.faults.add(fault if isinstance(fault, Fault) else fault_of(dict(fault)))

    def set_state(self, state: str, *, moved_to: str = "") -> None:
        """Opens, closes or moves the portal; `moved_to` is the new host of a moved one."""
        wanted = State(state)
        if wanted is State.MOVED and not moved_to:
            raise ValueError("a moved portal needs `moved_to`: its new host, such as new.bitrix24.ru")
        self.state, self.moved_to = wanted, moved_to
