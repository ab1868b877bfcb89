"""Entries of the failed queue, tried again because somebody asked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headwater.sync.plan import Cursor, Reading
from headwater.sync.runs import Reread, Run, sort
from headwater.sync.session import HIDDEN, Session
from headwater.warehouse import failed, page
from headwater.warehouse.copytext import restored
from headwater.warehouse.failed import Entry

NO_SOURCE = "this connection has no such entity any more"

Outcome = Literal["stored", "gone", "hidden", "kept"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one entry. `reason` says why it is still kept aside; empty when it is not."""

    number: int
    entity: str
    external_id: str | None
    outcome: Outcome
    reason: str = ""


async def replayed(held: Session, *, numbers: Sequence[int] | None, entity: str | None) -> list[Replayed]:
    """Tries the chosen entries of a connection again and says what became of each.

    A record with an id is read again from the source. One without is made again from its raw form: what
    keeps it aside may have been mended since. If it turns out to have an id, it is read again, too.
    """
    link = held.link
    entries = await failed.chosen(held.warehouse, link.tenant, link.id, numbers=numbers, entity=entity)
    known = [name for name in held.source.entities if any(one.entity == name for one in entries)]
    strange = [one for one in entries if one.entity not in held.source.entities]
    told = [Replayed(one.number, one.entity, one.external_id, "kept", NO_SOURCE) for one in strange]
    if known:
        states = {name: await held.state(name) for name in known}
        survey = await held.survey(known, states)
        for name in known:
            reading = Reading("ids", Cursor.load(states[name].cursor), fresh=True)
            run = await held.open(survey, name, reading, states[name], seen_by="event")
            async with held.failing([run]):
                told += await _replayed(held, run, [one for one in entries if one.entity == name])
                await held.finish(run, run.cursor, status=states[name].status)
    return sorted(told, key=lambda one: one.number)


async def _replayed(held: Session, run: Run, entries: Sequence[Entry]) -> list[Replayed]:
    ids = {one.number: one.external_id for one in entries}
    for one in entries:
        if one.external_id is None:
            ids[one.number] = await _remade(held, run, one)
    found = await held.reread(run, sorted({id for id in ids.values() if id}), noticed="event")
    keys = {one.number: ids[one.number] or one.key for one in entries}
    async with held.committing(run) as (conn, _):
        origin = held.origin(run, 0)
        await failed.postpone(conn, origin, run.entity, sorted(found.hidden), HIDDEN)
        left = await failed.reasons(conn, origin, run.entity, list(keys.values()))
    return [
        Replayed(one.number, one.entity, ids[one.number], *_outcome(keys[one.number], found, left))
        for one in entries
    ]


async def _remade(held: Session, run: Run, entry: Entry) -> str | None:
    """Stores a record without an id from its raw form, as the old read that it is; the id it has now, or
    None when nothing changed."""
    again = sort(run.shape, [] if entry.raw is None else [restored(entry.raw)])
    origin = held.origin(run, entry.began)
    async with held.committing(run) as (conn, step):
        if not again.made:
            reason = again.failures[0].reason if again.failures else entry.reason
            await failed.postpone(conn, origin, run.entity, [entry.key], reason)
            return None
        step.stored = await page.store(conn, run.shape, again.made, origin)
        await failed.heal(conn, origin, run.entity, [entry.key])
    return again.made[0].id


def _outcome(key: str, found: Reread, left: Mapping[str, str]) -> tuple[Outcome, str]:
    if key in left:
        return ("hidden" if key in found.hidden else "kept"), left[key]
    return ("gone" if key in found.gone else "stored"), ""
