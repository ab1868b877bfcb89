"""What an account kept for us is read again, stored, and only then cleared there.

An event says that something happened to a record, never what: the record is read again by its id. So it
does no harm when a pack is worked through twice, and a crash anywhere leaves it set aside for whoever comes
next. Where no queue helps, the windows of the run find what was made and changed, and a reconciliation what
vanished.
"""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

from headwater.core import log
from headwater.core.errors import HeadwaterError
from headwater.core.model import Pack, SetSpec
from headwater.core.ports import Offline
from headwater.sync.runs import Run
from headwater.sync.session import Session
from headwater.warehouse import connections, page, sets

LOGGER = log.get("sync")
PACKS = 100  # of one run; the rest comes with the next
NOTE = "(offline events)"  # among the notes of fields: what concerns the queue

T = TypeVar("T")


class _Trouble(Exception):
    """The queue does not work now. The run goes on without it."""


class Due(NamedTuple):
    """What a pack asks of one run."""

    ids: Sequence[str]
    owners: Mapping[str, Sequence[str]]
    rows: Mapping[str, Sequence[str]]


def due(pack: Pack, run: str, specs: Sequence[SetSpec]) -> Due:
    """The part of a pack that concerns an entity with these sets. Of rows that are gone nobody knows yet
    whose they were: they concern every entity that has such sets."""
    slugs = {spec.slug for spec in specs}
    return Due(
        pack.records.get(run, ()),
        {slug: ids for slug, ids in pack.owners.items() if slug in slugs},
        {spec.slug: pack.rows[spec.table] for spec in specs if spec.table in pack.rows},
    )


def foreign(pack: Pack, runs: Collection[str]) -> dict[str, int]:
    """Events that concern nothing we read: unknown ones, and those of entities that are switched off, refused
    or unknown. Their windows and a reconciliation bring them when they are read again."""
    others = {entity: len(ids) for entity, ids in pack.records.items() if entity not in runs}
    return {**pack.strange, **others}


async def opened(held: Session) -> Offline | None:
    """The account's queue, if it has one for us and keeps it from now on."""
    queue = held.source.offline
    if queue is None:
        return None
    try:
        reason = await queue.opened()
    except HeadwaterError as exc:
        reason = str(exc)
    if reason is None:
        return queue
    LOGGER.info("no offline events", connection=held.link.slug, reason=reason)
    return None


async def drain(held: Session, queue: Offline, runs: Sequence[Run]) -> None:
    """Works through the queue: first the packs that somebody before us did not finish, then what is new.

    Trouble with the queue itself is noted, and the windows go on; trouble with reading or storing is the
    run's.
    """
    try:
        left = [*await connections.packs(held.warehouse, held.link), *await _asked(queue.reserved())]
        for name in dict.fromkeys(left):
            await _finish(held, queue, runs, name)
        for _ in range(PACKS):
            pack = await _asked(queue.pack())
            if pack is None:
                return
            await connections.put_pack(held.warehouse, held.link, pack.name)
            await _work(held, runs, pack)
            await _asked(queue.clear(pack))
            await connections.forget_pack(held.warehouse, held.link, pack.name)
        LOGGER.info("offline events still wait", connection=held.link.slug)
    except _Trouble as exc:
        LOGGER.warning("the queue of offline events fails", connection=held.link.slug, reason=str(exc))
        runs[0].note(NOTE, f"the queue failed, and the run went on without it: {exc}", "–")


async def _finish(held: Session, queue: Offline, runs: Sequence[Run], name: str) -> None:
    """The rest of a pack that was set aside before; it may come in pieces."""
    cleared: set[str] = set()
    while (pack := await _asked(queue.pack(name))) is not None:
        LOGGER.info("a pack is finished", connection=held.link.slug, events=len(pack.notices))
        if cleared and cleared.issuperset(pack.notices):
            raise _Trouble(f"the pack {name} comes back though it was cleared")
        await _work(held, runs, pack)
        await _asked(queue.clear(pack))
        cleared |= set(pack.notices)
    await connections.forget_pack(held.warehouse, held.link, name)


async def _work(held: Session, runs: Sequence[Run], pack: Pack) -> None:
    """Reads again and stores what a pack tells of: when this returns, it may be cleared."""
    for run in runs:
        asked = due(pack, run.entity, run.shape.spec.asked)
        seen_by, run.seen_by = run.seen_by, "event"
        try:
            if asked.ids:
                await held.reread(run, asked.ids, noticed="event", due=True)
            if asked.owners or asked.rows:
                await mark(held, run, asked, pack.began)
        finally:
            run.seen_by = seen_by
    if others := foreign(pack, {run.entity for run in runs}):
        LOGGER.info("events of what is not read", connection=held.link.slug, events=others)


async def mark(held: Session, run: Run, asked: Due, began: int) -> None:
    """The sets of these records are to be read again, as far as the records are here."""
    async with held.committing(run) as (conn, _):
        origin = held.origin(run, began)
        for spec in run.shape.spec.asked:
            ids = await page.here(conn, run.shape, asked.owners.get(spec.slug, ()), origin)
            ids += await sets.owners(conn, spec, asked.rows.get(spec.slug, ()), origin)
            await sets.touch(conn, [spec], sorted(set(ids)), origin)


async def _asked(question: Awaitable[T]) -> T:
    try:
        return await question
    except HeadwaterError as exc:
        raise _Trouble(str(exc)) from exc
