"""What a run or a whole history has to end with."""

from collections.abc import Iterable

from headwater.sync.certificate import Certificate
from headwater.sync.runs import Run
from headwater.testing.histories import books
from headwater.testing.histories.strikes import Strike
from headwater.testing.histories.world import Deed, Differing, World

STATE = """
    select s.status, s.cursor, s.total_records, s.source_records,
           (s.cursor ->> 'until')::timestamptz as until,
           (select count(*)
              from headwater.sync_logs as l
             where l.tenant_id = s.tenant_id and l.status = 'running') as running
      from headwater.sync_state as s
     where s.tenant_id = %(tenant)s
"""
FAILED = "select external_id, raw, reason from headwater.failed where tenant_id = %(tenant)s"
DISTRUSTED = """
    select t.bitrix_id as id
      from {schema}.crm_deals as t
      join crm_deals as n on n.tenant_id = t.tenant_id and n.external_id = t.bitrix_id
     where t.tenant_id = %(tenant)s and t._version <> n.version
"""


def check(complaints: Iterable[str]) -> None:
    """Fails when anything is wrong."""
    said = list(complaints)
    assert not said, "\n".join(said)


def agreed(world: World) -> list[str]:
    """What does not agree in the books of the warehouse."""
    return world.do(books.complaints(world.river, world.company.ever))


def synced(
    world: World, *, full: bool = False, strike: Strike | None = None, deed: Deed | None = None
) -> Run | None:
    """A sync. When it came to its end, all that changed with a time before its window's end is here."""
    spoilt, whole = world.spoilt, world.company.whole
    run = world.sync(full=full, strike=strike, deed=deed)
    if run is None or deed or world.spoilt > spoilt or not (world.company.at_rest and whole):
        return run
    if not world.company.all_unsure:
        found = world.differing()
        if lost := found.old - world.company.unsure - world.company.unstorable():
            check([f"not brought by a whole sync: {_some(lost)} {found.examples}"])
    return run


def reconciled(
    world: World, *, seed: int, accept: bool, strike: Strike | None = None, deed: Deed | None = None
) -> Certificate | None:
    """A reconciliation. It never says `equal` of a replica that was not; and then everything is right."""
    watched = not deed and world.company.at_rest and world.company.whole and world.synced
    before, spoilt = world.differing() if watched else None, world.spoilt
    issued = world.reconcile(seed=seed, accept_deletions=accept, strike=strike, deed=deed)
    if issued is None or before is None or world.spoilt > spoilt:
        return issued
    wrong, after = before.old | before.extra, world.differing()
    if wrong and issued.verdict == "equal":
        check([f"certified equal: {_some(wrong)} {before.examples}"])
    if left := (after.missing | after.other) - world.company.unstorable():
        check([f"not mended: {_some(left)} {after.examples}"])
    if after.extra and not issued.withheld:
        check([f"not let go: {_some(after.extra)}"])
    world.company.unsure.clear()
    world.company.all_unsure = False
    return issued


def ended(world: World) -> None:
    """Everything calms down, one sync, one reconciliation: then all of it has to be right."""
    company = world.company
    company.calm()
    world.settle()
    synced(world)
    first = world.reconcile(seed=1, accept_deletions=True)
    assert first is not None
    check(_whole(world))
    second = world.reconcile(seed=2)
    assert second is not None
    assert second.in_source == len(company.ids), second
    if not company.unstorable():
        assert (second.verdict, second.stored_after) == ("equal", len(company.ids)), second
    _still(world)
    if company.unstorable():
        company.mend()
        world.settle()
        world.sync()
        check(_whole(world))


def _still(world: World) -> None:
    """Nothing happened, so a sync changes nothing."""
    run = world.sync()
    assert run is not None
    moved = run.stored.created, run.stored.updated, run.stored.deleted
    assert moved == (0, 0, 0), f"a sync of nothing created, updated, deleted {moved}"


def _whole(world: World) -> Iterable[str]:
    """What is wrong at the end, when all should be right."""
    kept = world.company.unstorable()
    yield from _equal(world.differing(), kept)
    yield from agreed(world)
    [state] = world.do(world.river.rows(STATE))
    cursor = state["cursor"]
    if state["status"] != "complete" or cursor["spans"] or cursor["run"] or cursor["goal"]:
        yield f"not at its end: {state}"
    if state["until"] > world.company.portal.clock.now():
        yield f"complete up to the future: {state['until']}"
    if cursor["top"] > max(world.company.ever):
        yield f"read up to an id nobody has: {cursor['top']}"
    if state["running"]:
        yield f"{state['running']} runs are still running"
    failed = world.do(world.river.rows(FAILED))
    named = {row["external_id"] for row in failed if row["external_id"]}
    if named != kept:
        yield f"the failed queue names {sorted(named)}, what cannot be stored is {sorted(kept)}"
    nameless = [row for row in failed if not row["external_id"]]
    if len(nameless) > world.company.portal.faults.struck.get("no_id", 0):
        yield f"{len(nameless)} records without an id are in the failed queue"
    yield from (f"it has an id: {row['raw']}" for row in nameless if (row["raw"] or {}).get("ID"))
    distrusted = world.do(world.river.rows(DISTRUSTED.format(schema=world.river.link.slug)))
    yield from (f"{row['id']} is still distrusted" for row in distrusted if row["id"] not in kept)


def _equal(found: Differing, kept: set[str]) -> Iterable[str]:
    if wrong := (found.missing | found.other) - kept:
        yield f"not equal: {_some(wrong)} {found.examples}"
    if found.extra:
        yield f"too many: {_some(found.extra)}"


def _some(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)[:10])
