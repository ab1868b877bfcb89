"""What a run or a whole history has to end with."""

from collections.abc import Iterable, Mapping

from headwater.sync.certificate import Certificate
from headwater.sync.runs import Run
from headwater.testing.histories import books
from headwater.testing.histories.strikes import Strike
from headwater.testing.histories.world import Deed, Differing, World

STATE = """
    select s.entity_type as slug, s.status, s.cursor, s.total_records, s.source_records,
           (s.cursor ->> 'until')::timestamptz as until
      from headwater.sync_state as s
     where s.tenant_id = %(tenant)s
"""
RUNNING = "select entity_type from headwater.sync_logs where tenant_id = %(tenant)s and status = 'running'"
FAILED = "select entity, external_id, raw, reason from headwater.failed where tenant_id = %(tenant)s"
DISTRUSTED = """
    select t.bitrix_id as id
      from {schema}.crm_{slug} as t
      join crm_{place} as n on n.tenant_id = t.tenant_id and n.{key} = t.bitrix_id and {part}
     where t.tenant_id = %(tenant)s and t._version <> n.version
"""


def check(complaints: Iterable[str]) -> None:
    """Fails when anything is wrong."""
    said = list(complaints)
    assert not said, "\n".join(said)


def agreed(world: World) -> list[str]:
    """What does not agree in the books of the warehouse, and sets that the portal never had like that."""
    company = world.company
    found = world.do(books.complaints(world.river, world.specs, world.kinds, company.ever))
    if not world.spoilt:
        stored = world.do(books.sets(world.river, world.kinds))
        torn = [key for key, rows in stored.items() if rows not in company.told.get(key, ())]
        found += [f"a set that never was: {kind}: {id}: {stored[kind, id]}" for kind, id in torn[:5]]
    return found


def synced(
    world: World, *, full: bool = False, strike: Strike | None = None, deed: Deed | None = None
) -> list[Run] | None:
    """A sync. When it came to its end, all that changed with a time before its window's end is here."""
    company = world.company
    spoilt, whole = world.spoilt, company.whole
    runs = world.sync(full=full, strike=strike, deed=deed)
    if not runs or deed or world.spoilt > spoilt or not (company.at_rest and whole):
        return runs
    if not company.all_unsure:
        for slug, found in world.differing({run.entity for run in runs}).items():
            if lost := found.old - company.unsure[slug] - company.unstorable(slug):
                check([f"not brought by a whole sync: {slug} {_some(lost)} {found.examples}"])
            for kind, ids in found.old_sets:
                unsure = company.unsure_sets[kind] | company.unsure[slug] | company.unstorable(slug)
                if lost := ids - unsure:
                    check([f"not brought by a whole sync: {kind} of {_some(lost)}"])
    return runs


def reconciled(
    world: World, *, seed: int, accept: bool, strike: Strike | None = None, deed: Deed | None = None
) -> Mapping[str, Certificate] | None:
    """A reconciliation. It never says `equal` of a replica that was not; and then everything is right."""
    company = world.company
    watched = not deed and company.at_rest and company.whole
    before, spoilt = world.differing() if watched else {}, world.spoilt
    issued = world.reconcile(seed=seed, accept_deletions=accept, strike=strike, deed=deed)
    if issued is None or not watched or world.spoilt > spoilt:
        return issued
    after = world.differing()
    for slug, certificate in issued.items():
        if slug in before:
            beside = company.unstorable(slug), world.half_seen(slug)
            check(_judged(certificate, before[slug], after[slug], *beside))
        company.unsure[slug].clear()
    for kind in world.kinds:
        if kind.entity in issued:
            company.unsure_sets[kind.slug].clear()
    company.all_unsure = company.all_unsure and not world.synced <= issued.keys()
    return issued


def _judged(
    certificate: Certificate, before: Differing, after: Differing, unstorable: set[str], half_seen: set[str]
) -> Iterable[str]:
    """What a certificate says wrongly, or a reconciliation left; of kinds of sets that it compares all."""
    slug = certificate.entity
    wrong = before.old | before.extra
    if wrong and certificate.verdict == "equal":
        yield f"certified equal: {slug} {_some(wrong)} {before.examples}"
    for kind, ids in before.old_sets:
        wrong = ids - before.old - unstorable
        if wrong and kind not in half_seen and certificate.verdict == "equal":
            yield f"certified equal: {kind} of {_some(wrong)}"
    if left := (after.missing | after.other) - unstorable:
        yield f"not mended: {slug} {_some(left)} {after.examples}"
    if after.extra and not certificate.withheld:
        yield f"not let go: {slug} {_some(after.extra)}"
    for kind, ids in after.sets.items():
        if (left := ids - after.missing - unstorable) and kind not in half_seen:
            yield f"not mended: {kind} of {_some(left)}"


def ended(world: World) -> None:
    """Everything calms down; one sync, one reconciliation, and a sync for what names records that the
    reconciliation found gone: then all of it has to be right."""
    company = world.company
    company.calm()
    world.settle()
    synced(world)
    _catch_up(world)
    check(f"{slug} was not synced" for slug in company.playing if slug not in world.synced)
    first = world.reconcile(seed=1, accept_deletions=True)
    assert first is not None
    world.sync()
    check(_whole(world))
    second = world.reconcile(seed=2)
    assert second is not None
    for slug in company.playing:
        certificate, count = second[slug], len(company.ids(slug))
        assert certificate.in_source == count, certificate
        if not company.unstorable(slug):
            assert (certificate.verdict, certificate.stored_after) == ("equal", count), certificate
    _still(world)
    if any(company.unstorable(slug) for slug in company.playing):
        company.mend()
        world.settle()
        world.sync()
        check(_whole(world))


def _catch_up(world: World) -> None:
    """So many syncs that the comments of a flood of records are read, too."""
    before = 0
    while (now := world.waiting()) != before:
        world.sync()
        before = now


def _still(world: World) -> None:
    """Nothing happened, so a sync changes nothing."""
    runs = world.sync()
    assert runs is not None
    for run in runs:
        moved = run.stored.created, run.stored.updated, run.stored.deleted
        assert moved == (0, 0, 0), f"a sync of nothing created, updated, deleted {moved} {run.entity}"
        changed = {kind: kept.changed for kind, kept in run.sets.items() if kept.changed}
        assert not changed, f"a sync of nothing changed {changed}"


def _whole(world: World) -> Iterable[str]:
    """What is wrong at the end, when all should be right."""
    company, now = world.company, world.company.portal.clock.now()
    kept = {slug: company.unstorable(slug) for slug in company.playing}
    for slug, found in world.differing(company.playing).items():
        yield from _equal(slug, found, kept[slug], world.half_seen(slug))
    yield from world.lists()
    yield from agreed(world)
    for state in world.do(world.river.rows(STATE)):
        if (slug := state["slug"]) in company.playing:
            cursor = state["cursor"]
            if state["status"] != "complete" or cursor["spans"] or cursor["run"] or cursor["goal"]:
                yield f"not at its end: {state}"
            if state["until"] > now:
                yield f"complete up to the future: {state}"
            if cursor["top"] > max(company.ever[slug], default=0):
                yield f"read up to an id nobody has: {state}"
    yield from (f"still running: {row}" for row in world.do(world.river.rows(RUNNING)))
    yield from _failed(world, kept)
    for slug, spec in world.specs.items():
        query = DISTRUSTED.format(slug=slug, schema=world.river.link.slug, **books.place(spec))
        distrusted = world.do(world.river.rows(query))
        yield from (
            f"{slug} {row['id']} is still distrusted" for row in distrusted if row["id"] not in kept[slug]
        )


def _failed(world: World, kept: Mapping[str, set[str]]) -> Iterable[str]:
    failed = world.do(world.river.rows(FAILED))
    named = {(row["entity"], row["external_id"]) for row in failed if row["external_id"]}
    if named != (wanted := {(slug, id) for slug, ids in kept.items() for id in ids}):
        yield f"the failed queue names {sorted(named)}, what cannot be stored is {sorted(wanted)}: {failed}"
    nameless = [row for row in failed if not row["external_id"]]
    if len(nameless) > world.company.portal.faults.struck.get("no_id", 0):
        yield f"{len(nameless)} records without an id are in the failed queue"
    yield from (f"it has an id: {row['raw']}" for row in nameless if {"ID", "id"} & (row["raw"] or {}).keys())


def _equal(slug: str, found: Differing, kept: set[str], half_seen: set[str]) -> Iterable[str]:
    if wrong := (found.missing | found.other) - kept:
        yield f"not equal: {slug} {_some(wrong)} {found.examples}"
    if found.extra:
        yield f"too many: {slug} {_some(found.extra)}"
    for kind, ids in found.sets.items():
        if (wrong := ids - kept) and kind not in half_seen:
            yield f"not equal: {kind} of {_some(wrong)}"
        if found.due[kind] - kept:
            yield f"still due: {kind} of {_some(found.due[kind] - kept)}"


def _some(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids)[:10])
