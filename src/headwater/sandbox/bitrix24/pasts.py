"""Stage histories from the lines of a file: what reached which stage when, ending where it stands."""

from typing import NamedTuple

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Values
from headwater.sandbox.bitrix24.forms import Forms
from headwater.sandbox.bitrix24.parts import semantics
from headwater.sandbox.bitrix24.plans import Group
from headwater.sandbox.bitrix24.stages import CREATED, FINISHED, MOVED, semantics_of, two_steps


class Reached(NamedTuple):
    """A stage by what its line calls it, when it was reached, and which line says so."""

    when: str
    stage: str
    at: int


def told(group: Group, forms: Forms) -> dict[int, list[Reached]]:
    """What a section's history tells of each of its records, in order of time; lines of one second in the
    order of the file."""
    found: dict[int, list[Reached]] = {}
    past = group.history
    if past is None:
        return found
    record, stage, moment = (past.drawn[word][0] for word in ("record", "stage", "at"))
    for at in past.lines:
        whose, reached, when = record.text(at), stage.text(at), forms.moment(moment, at)
        if not (whose and reached and when):
            raise record.wrong(at, "a line of a history needs a record, a stage and a moment")
        owner = forms.ledger.id_of(group.name, record, whose, at)
        if owner is not None:
            found.setdefault(owner, []).append(Reached(when, reached, at))
    for events in found.values():
        events.sort(key=lambda one: one.when)
    return found


def placed(group: Group, record: Values, events: list[Reached], book: str, forms: Forms) -> list[Reached]:
    """The events of a record with the codes of their stages; it stands at the last one, since it got there.

    What stays where it is causes no entry in a portal's history, so that an event that repeats the stage
    before it is left out.
    """
    if not events or group.history is None:
        return []
    drawn, field = group.history.drawn["stage"][0], "STATUS_ID" if group.name == "leads" else "STAGE_ID"
    coded = [one._replace(stage=forms.entry(book, one.stage, drawn, one.at)) for one in events]
    moves = [one for at, one in enumerate(coded) if not at or one.stage != coded[at - 1].stage]
    last = moves[-1]
    if record.setdefault(field, last.stage) != last.stage:
        raise drawn.wrong(
            last.at, f"its record stands at {record[field]} but came to {last.stage} last; leave out {field}"
        )
    record.setdefault("DATE_CREATE", moves[0].when)
    record.setdefault("DATE_MODIFY", coded[-1].when)
    record.setdefault("MOVED_TIME", last.when)
    return moves


def history(entity: Entity, record: Values, moves: list[Reached], books: Books) -> list[Values]:
    """The entries of a record's history; where nothing is told of it, from the first stage to its own."""
    meaning = semantics_of(entity.stage)
    deal = entity.name == "deal"
    stages = books.stages(php.integer(record["CATEGORY_ID"])) if deal else books.entries("STATUS")
    if not moves:
        return two_steps(entity, record, stages[0].code if stages else record[entity.stage])
    entries = []
    for at, move in enumerate(moves):
        means = semantics(stages, move.stage)
        kind = CREATED if not at else MOVED if means == "P" else FINISHED
        entries.append(
            {
                "TYPE_ID": kind,
                "OWNER_ID": int(record["ID"]),
                "CREATED_TIME": move.when,
                "CATEGORY_ID": php.integer(record.get("CATEGORY_ID")),
                entity.stage: move.stage,
                meaning: means,
            }
        )
    return entries
