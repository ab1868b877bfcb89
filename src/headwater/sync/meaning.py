"""What waiting events ask for, decided without a database: each record once, however often it was told of."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from headwater.core.model import Tells
from headwater.sync.runs import Reread
from headwater.warehouse.inbox import Waiting

Numbers: TypeAlias = list[int]
"""Of events."""


@dataclass(slots=True)
class Meant:
    """Events by what is to be done.

    `records` and `comments` are read again by id; of the entities in `due` the next increment is; `fields`
    says that the fields of some are others now. `queue`: the account's own queue is to be emptied;
    `removed`: we were. Those in `done` ask for nothing, each with the reason."""

    records: dict[str, dict[str, Numbers]] = field(default_factory=dict)
    comments: dict[str, Numbers] = field(default_factory=dict)
    due: dict[str, Numbers] = field(default_factory=dict)
    fields: bool = False
    queue: Numbers = field(default_factory=list)
    removed: Numbers = field(default_factory=list)
    done: dict[int, str] = field(default_factory=dict)

    def of(self, entity: str) -> Numbers:
        """The events about records of an entity."""
        return [number for numbers in self.records.get(entity, {}).values() for number in numbers]

    def of_comments(self) -> Numbers:
        return [number for numbers in self.comments.values() for number in numbers]


def sort_out(
    waiting: Sequence[Waiting],
    tells: Callable[[str, str | None], Tells],
    known: Collection[str],
    deaf: Collection[str],
) -> Meant:
    """What these events ask for. Entities are `known` or not; of those in `deaf` no events are heeded."""
    meant = Meant()
    for one in waiting:
        about = tells(one.event, one.entity)
        if reason := _idle(one, about, known, deaf):
            meant.done[one.id] = reason
        else:
            _put(meant, one, about)
    return meant


def _idle(one: Waiting, about: Tells, known: Collection[str], deaf: Collection[str]) -> str | None:
    """Why an event asks for nothing."""
    if about in IDLE:
        return IDLE[about]
    if about in (Tells.RECORD, Tells.COMMENT) and not one.external_id:
        return "ignored: it names no record"
    if about not in (Tells.RECORD, Tells.ENTITY, Tells.FIELDS):
        return None
    if one.entity not in known:
        return f"ignored: {one.entity} is not read here"
    return f"ignored: {one.entity} or events of it are switched off" if one.entity in deaf else None


IDLE: Mapping[Tells, str] = {
    Tells.INSTALLED: "stored: the application's token is known",
    Tells.TEST: "ignored: it is a test, and it arrived",
    Tells.NOTHING: "ignored: it means nothing to us",
}


def _put(meant: Meant, one: Waiting, about: Tells) -> None:
    entity, id = one.entity or "", one.external_id or ""
    if about is Tells.RECORD:
        meant.records.setdefault(entity, {}).setdefault(id, []).append(one.id)
    elif about is Tells.COMMENT:
        meant.comments.setdefault(id, []).append(one.id)
    elif about is Tells.QUEUE:
        meant.queue.append(one.id)
    elif about is Tells.REMOVED:
        meant.removed.append(one.id)
    else:
        meant.due.setdefault(entity, []).append(one.id)
        meant.fields = meant.fields or about is Tells.FIELDS


def outcomes(records: Mapping[str, Numbers], found: Reread) -> dict[int, str]:
    """What became of the events about these records."""
    told: dict[int, str] = {}
    for id, numbers in records.items():
        if id in found.refused:
            word = f"ignored: {found.refused[id]}"
        elif id in found.kept:
            word = "kept aside: the source has it and did not hand it over"
        elif id in found.hidden:
            word = "hidden: the source does not show it to us"
        else:
            word = "gone" if id in found.gone else "stored"
        told |= dict.fromkeys(numbers, word)
    return told
