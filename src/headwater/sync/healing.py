"""What heals by itself: beside its own reading, a run reads again by id what is due.

Two things are: records of the failed queue whose time has come (among them those that name a record which
is gone), and rows whose value of a new column still lies elsewhere. Both stay due in the database until they
are right, whatever happens to the process.
"""

from collections.abc import AsyncIterator, Sequence

from headwater.core import log
from headwater.core.errors import RetryLater, SkipRecord
from headwater.sync.runs import Run
from headwater.sync.session import AT_ONCE, HIDDEN, Session
from headwater.warehouse import failed, waiting

LOGGER = log.get("sync")
FAILED = 2_500  # failed records tried again in one run: one request
WAITING = (
    25_000  # rows read again for new columns in one run: ten requests; the rest comes with the next runs
)
PROBE = 50  # rows read again to see whether a new field has values in records nobody changed: one command
DUE = "(due again)"  # among the notes of fields: what concerns this reading as a whole


async def heal(held: Session, run: Run) -> None:
    """Reads again by id what is due of the run's entity. What cannot be read now is left for a later run,
    and the run goes on."""
    if await retry(held, run):
        await _fill(held, run)


async def retry(held: Session, run: Run) -> bool:
    """Reads again what is due of the failed queue; whether that worked."""
    due = await failed.due(
        held.warehouse, held.link.tenant, held.link.id, run.entity, now=held.clock.now(), limit=FAILED
    )
    return await _again(held, run, due)


async def _fill(held: Session, run: Run) -> None:
    """Reads the rows that wait for a column; when none is left, the columns stop waiting."""
    below = waiting.below(run.shape)
    if below is None:
        return
    whole, asked = await _whole(held, run, below), 0
    async for ids in _waiting(held, run, whole):
        if not await _again(held, run, ids):
            return
        asked += len(ids)
        if asked >= WAITING:
            LOGGER.info("rows still wait for columns", connection=held.link.slug, entity=run.entity)
            return
    async with held.committing(run) as (conn, _):
        await waiting.healed(conn, run.shape, held.origin(run, below), below=below)


async def _whole(held: Session, run: Run, below: int) -> int:
    """Below which read number every row waits; 0 when only those do that hold the value elsewhere.

    A source may give a new field to records that nobody changed (a default, a flag that is false). A few
    rows from before the column are read again to see that; if any has a value, all of them are.
    """
    whole = waiting.whole(run.shape)
    if whole == below:
        return whole
    async with held.committing(run) as (conn, _):
        probe = await waiting.probe(conn, run.shape, held.origin(run, 0), below=below, limit=PROBE)
    if not probe or not await _again(held, run, probe):
        return whole
    async with held.committing(run) as (conn, _):
        filled = await waiting.found_filled(conn, run.shape, held.origin(run, 0), probe)
    return below if filled else whole


async def _waiting(held: Session, run: Run, whole: int) -> AsyncIterator[list[str]]:
    after = ""
    while True:
        async with held.committing(run) as (conn, _):
            origin = held.origin(run, 0)
            ids = await waiting.ids(conn, run.shape, origin, whole=whole, after=after, limit=AT_ONCE)
        if ids:
            yield ids
        if len(ids) < AT_ONCE:
            return
        after = ids[-1]


async def _again(held: Session, run: Run, ids: Sequence[str]) -> bool:
    """Reads these again; whether that worked. Those the source hides are kept aside, to be tried later."""
    if not ids:
        return True
    try:
        found = await held.reread(run, ids, noticed="reconcile", due=True)
    except (RetryLater, SkipRecord) as exc:
        LOGGER.warning("due records wait", entity=run.entity, count=len(ids), reason=str(exc))
        run.note(DUE, f"reading {len(ids)} due records again did not work: {exc}", ids[0])
        async with held.committing(run) as (conn, _):
            await failed.postpone(conn, held.origin(run, 0), run.entity, ids, str(exc))
        return False
    if found.hidden:
        async with held.committing(run) as (conn, step):
            hidden = [failed.unusable(id, HIDDEN, None) for id in sorted(found.hidden)]
            await failed.put(conn, held.origin(run, 0), run.entity, hidden)
            step.stored.failed = len(hidden)
    return True
