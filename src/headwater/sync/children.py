"""What belongs to records and has no times of its own is read again when its record changed."""

from collections.abc import Mapping, Sequence

import orjson

from headwater.core import log
from headwater.core.errors import NeedsPerson, StopSync
from headwater.core.model import PrivacyMode, Sets, SetSpec, Values
from headwater.sync.runs import Run
from headwater.sync.session import AT_ONCE, Session, ids_in
from headwater.warehouse import connections, failed, sets, state
from headwater.warehouse.copytext import clean

LOGGER = log.get("sync")


async def read(held: Session, run: Run, *, most: int | None = None) -> None:
    """Reads all sets that are due of the run's entity, as far as one run may ask for them, and of each kind
    for no more than `most` records.

    A kind of set that may not be read at all is told, and keeps no other from being read.
    """
    link = held.link
    names = [spec.slug for spec in run.shape.spec.asked]
    wanted = await state.enabled(held.warehouse, link.tenant, link.id, names)
    for spec in run.shape.spec.asked:
        if spec.slug not in wanted:
            continue
        try:
            await _read(held, run, spec, most)
        except NeedsPerson as exc:
            LOGGER.warning("sets may not be read", connection=link.slug, set=spec.slug, reason=str(exc))
            run.note(spec.slug, f"may not be read: {exc}", "–")


async def _read(held: Session, run: Run, spec: SetSpec, most: int | None) -> None:
    link = held.link
    at_once = min((one for one in (spec.at_once, most) if one is not None), default=None)
    if await state.configured(held.warehouse, link.tenant, link.id, spec.slug):
        async with held.committing(run) as (conn, _):
            await sets.seed(conn, run.shape.spec, spec, held.origin(run, 0))
    await _retry(held, run, spec)
    asked, absent = 0, set[str]()
    while len(absent) < AT_ONCE and (at_once is None or asked < at_once):
        limit = min(AT_ONCE, AT_ONCE if at_once is None else at_once - asked)
        due = await sets.due(held.warehouse, link.tenant, link.id, spec.slug, limit=limit)
        ids = [id for id in due if id not in absent]
        if not ids:
            return
        if asked:
            held.rest_if_enough()
        asked += len(ids)
        shown = await _shown(held, run, ids, [id for id in ids if due[id] <= run.since])
        told = await _fetch(held, run, spec, [id for id in ids if id in shown])
        absent |= set(ids) - told
        async with held.committing(run) as (conn, _):
            origin = held.origin(run, run.since)
            await sets.postpone(conn, spec, sorted(set(ids) - told), origin)
            await sets.asked(conn, spec, origin)
    LOGGER.info("sets still wait", connection=link.slug, entity=run.entity, set=spec.slug)


async def _shown(held: Session, run: Run, ids: Sequence[str], older: Sequence[str]) -> set[str]:
    """Those of these records that we may see. What this run brought was shown just now. What is `older` is
    read again: of a record that is hidden by now a source may say that it has nothing."""
    shown = set(ids) - set(older)
    async for answer in held.source.by_ids(run.entity, older):
        await held.store(await held.ready([run], answer), due=True)
        shown |= {id for part in answer.parts for id in ids_in(held.source, run.entity, part)}
    return shown


async def _fetch(held: Session, run: Run, spec: SetSpec, ids: Sequence[str]) -> set[str]:
    """Asks the source for the sets of these records and stores them; the records that it told of. The others
    are gone or hidden by now: they stay due, for one that is shown again may be unchanged."""
    told: set[str] = set()
    async for answer in held.source.sets(spec.slug, ids):
        if strange := answer.sets.keys() - set(ids):
            raise StopSync(
                f"{spec.slug}: asked for {len(ids)} records, the source told of {min(strange)} too"
            )
        if answer.doubt:
            await start_over(held, run, spec)
        told |= answer.sets.keys() | answer.refused.keys()
        await _store(held, run, spec, answer)
    return told


async def start_over(held: Session, run: Run, spec: SetSpec) -> None:
    """What was said of these sets before is doubted: all of them are due again. Only then is kept that the
    source knows better now: when it is cut in between, the next process finds out again."""
    run.note(spec.slug, "the source answers for one record at a time only: all are read again, singly", "–")
    async with held.committing(run) as (conn, _):
        await sets.start_over(conn, spec, held.origin(run, 0))
    await connections.remember(held.warehouse, held.link, held.source.memory, held.source.portal)
    LOGGER.warning("sets are read again, one by one", connection=held.link.slug, set=spec.slug)


async def _store(held: Session, run: Run, spec: SetSpec, answer: Sets) -> None:
    async with held.committing(run) as (conn, step):
        origin = held.origin(run, answer.began)
        step.requests = answer.requests
        kept = await sets.store(
            conn, spec, held.kept_of(spec, answer.sets), origin, kept_from=held.keeping.kept_from
        )
        refused = [failed.unusable(id, reason, None) for id, reason in sorted(answer.refused.items())]
        await failed.put(conn, origin, spec.slug, refused)
        await sets.skip(conn, spec, list(answer.refused), origin)
        step.stored.failed = kept.failed + len(refused)
    count = run.sets.setdefault(spec.slug, sets.Kept())
    count.add(kept)
    _note(run, spec, answer.sets, raw=held.keeping.mode is PrivacyMode.FULL)


def _note(run: Run, spec: SetSpec, told: Mapping[str, Sequence[Values]], *, raw: bool) -> None:
    where = "it is kept in raw" if raw else "it is not kept in privacy mode analytics"
    for id, rows in told.items():
        for row in rows:
            for key in orjson.loads(row.get("raw") or "{}"):
                run.note(f"{spec.slug}.{key}", f"a value does not fit its column; {where}", id)
            for column, text in row.items():
                if text is not None and clean(text) is not text:
                    run.note(
                        f"{spec.slug}.{column}", "characters that PostgreSQL cannot hold were replaced", id
                    )


async def _retry(held: Session, run: Run, spec: SetSpec) -> None:
    """Records whose sets failed and whose time has come are due again."""
    link, now = held.link, held.clock.now()
    ids = await failed.due(held.warehouse, link.tenant, link.id, spec.slug, now=now, limit=AT_ONCE)
    if ids:
        async with held.committing(run) as (conn, _):
            await sets.distrust(conn, spec, ids, held.origin(run, 0))
