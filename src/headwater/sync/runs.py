"""What a run is: its reading, how far it is, and what its answers did."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from headwater.core.errors import SkipRecord
from headwater.core.model import Row
from headwater.sync.plan import Cursor, Reading
from headwater.warehouse import failed
from headwater.warehouse.failed import Failure
from headwater.warehouse.page import Stored
from headwater.warehouse.rows import Made, make
from headwater.warehouse.sets import Kept
from headwater.warehouse.shape import Shape

TURN = 15
"""Records of which rows are made in about half a millisecond."""

STEPS = 3
"""Steps others may take between two turns: to hear the database's answer and to send the next question."""


class Rest(Exception):
    """It was enough for now: the reading goes on another time, after its last committed page."""


@dataclass(slots=True)
class Reread:
    """What became of records that were read again by id."""

    here: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Those the source says it has, and does not hand over."""
    strange: set[str] = field(default_factory=set)
    """Keys of theirs that hold something and that no known field has."""
    refused: dict[str, str] = field(default_factory=dict)
    """What was not asked for at all, since it is no id of the source, with the source's word for it."""


@dataclass(slots=True)
class Run:
    """One entity in one run: what is read, how far it is, what became of it.

    `before` counts what the same full read had stored before it was cut, `again` the records that were due
    and read again by id beside it. `reread` tells of the ids a run was made for.
    """

    entity: str
    number: int
    reading: Reading
    cursor: Cursor
    shape: Shape
    expected: int | None = None
    before: int = 0
    seen_by: str = "poll"
    since: int = 0
    """Read number of the survey it began with."""
    read: int = 0
    again: int = 0
    requests: int = 0
    stored: Stored = field(default_factory=Stored)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    rests: bool = False
    """It was cut in good order, and the next sync goes on with it."""
    reread: Reread = field(default_factory=Reread)
    sets: dict[str, Kept] = field(default_factory=dict)
    """What became of what belongs to the records, by kind of set."""

    def note(self, field_name: str, reason: str, example: str) -> None:
        """A value that is not in its column: told once per field and run, with a count and an example."""
        known = self.notes.setdefault(field_name, {"reason": reason, "count": 0, "example": example})
        known["count"] += 1


@dataclass(slots=True)
class Step:
    """What one answer does to one run; it counts once the answer is committed.

    `due`: the answer is not the run's own reading, but brings what was due beside it.
    """

    run: Run
    cursor: Cursor
    due: bool = False
    read: int = 0
    requests: int = 0
    stored: Stored = field(default_factory=Stored)

    def taken(self) -> None:
        """The commit succeeded."""
        self.run.cursor = self.cursor
        if self.due:
            self.run.again += self.read
        else:
            self.run.read += self.read
        self.run.requests += self.requests
        self.run.stored.add(self.stored)


Report: TypeAlias = Callable[[Run], None]
"""Told after every committed page."""


@dataclass(slots=True)
class Sorted:
    """The records of a part: rows to store, and those that cannot become rows. Ids are unique."""

    shape: Shape
    rows: dict[str, Made] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def made(self) -> Sequence[Made]:
        return list(self.rows.values())

    def add(self, record: Row) -> None:
        """Makes rows of one more record, or a failure with its reason."""
        try:
            one = make(self.shape, record)
        except SkipRecord as why:
            self.failures.append(failed.unusable(None, str(why), self.shape.cut(record)))
            return
        except RecursionError:
            self.failures.append(failed.unusable(None, "the record is nested too deeply", None))
            return
        twin = self.rows.get(one.id)
        if twin is not None and twin.version != one.version:
            reason = (
                "the source gave this id twice in one answer, with different content; the later one is stored"
            )
            self.failures.append(failed.unusable(one.id, reason, twin.record))
        self.rows[one.id] = one


def sort(shape: Shape, records: Sequence[Row]) -> Sorted:
    """Rows of the records, and what cannot become rows, each with its reason."""
    found = Sorted(shape)
    for record in records:
        found.add(record)
    return found


async def sort_in_turns(shape: Shape, records: Sequence[Row]) -> Sorted:
    """The same, letting others have their turn in between: the page before is stored meanwhile."""
    found = Sorted(shape)
    for at, record in enumerate(records, start=1):
        found.add(record)
        if at % TURN == 0:
            for _ in range(STEPS):
                await asyncio.sleep(0)
    return found
