"""What has to be true after a storm, whoever was killed in it."""

from collections.abc import Iterable, Mapping

from headwater.sync import plan
from headwater.sync.compare import Comparison
from headwater.testing.service import Broken
from headwater.testing.site import Place, Site
from headwater.testing.storm import ENTITIES, Storm

TRUTHS = {slug: entity.name for slug, entity in ENTITIES.items()}
SETTLED_SECONDS = plan.MARGIN.total_seconds() + 3  # a window ends a little before now
ANSWERS = (0, 200, 503)  # nothing, taken, cannot be stored now
ENDS = ("stored", "gone")

QUIET = """
    select (select count(*) from headwater.inbox where applied_at is null) as events,
           (select count(*) from headwater.jobs
             where taken_by is not null or (kind in ('drain', 'sets') and due_at is not null)
                or due_at <= now()) as jobs,
           (select count(*) from headwater.due_sets
             where touched >= 0 and entity not like '%%\\_comments') as sets
"""
DRAINED = """
    select from headwater.inbox where applied_at is null
     union all
    select from headwater.jobs where kind = 'drain' and (due_at is not null or taken_by is not null)
"""
ARRIVED = """
    select substring(body from 'event_handler_id=(\\d+)')::int as number, count(*) as count,
           count(applied_at) as applied, array_agg(distinct split_part(outcome, ':', 1)) as outcomes
      from headwater.inbox
     where connection_id = %(connection)s
     group by 1
"""
DOUBLED = """
    select 'history tells a change twice' as what, h.entity, h.external_id as id, d.value::text as value
      from headwater.history as h, jsonb_each(h.diff) as d
     where h.connection_id = %(connection)s and d.key in ('title', 'name')
       and d.value ->> 1 ~ '^(deals|leads|contacts|companies) \\d+$'
     group by h.entity, h.external_id, d.key, d.value
    having count(*) > 1
     union all
    select 'a record came or went twice', entity, external_id, action
      from headwater.changes
     where connection_id = %(connection)s and action in ('create', 'delete')
     group by entity, external_id, action
    having count(*) > 1
     union all
    select 'a record is kept as gone twice', entity, external_id, ''
      from headwater.gone
     where connection_id = %(connection)s
     group by entity, external_id
    having count(*) > 1
     union all
    select 'history does not follow on itself', entity, external_id, key
      from (select h.entity, h.external_id, d.key, d.value -> 0 as old,
                   lag(d.value -> 1) over (partition by h.entity, h.external_id, d.key
                                               order by h.began) as known
              from headwater.history as h, jsonb_each(h.diff) as d
             where h.connection_id = %(connection)s) as steps
     where known <> old
"""
BOOKS = """
    select (select json_agg(distinct (entity, reason)) from headwater.failed
             where reason not like '%% it names are gone: it is read again') as failed,
           (select count(*) from headwater.sync_logs where status = 'running') as running,
           (select count(*) from headwater.sync_state where status <> 'complete') as unfinished,
           (select count(*) from headwater.due_sets where entity not like '%%\\_comments') as sets,
           (select count(*) from headwater.jobs where tries > 0 or error is not null) as troubled,
           (select count(*) from headwater.jobs as j
             where j.taken_by is not null
               and not exists (select from headwater.workers as w where w.id = j.taken_by)) as left_taken
"""
COUNTED = """
    select s.total_records as counted,
           (select count(*) filter (where action = 'create') - count(*) filter (where action = 'delete')
              from headwater.changes as c
             where c.connection_id = s.connection_id and c.entity = s.entity_type) as told
      from headwater.sync_state as s
     where s.connection_id = %(connection)s and s.entity_type = %(entity)s
"""


async def calmed(site: Site, place: Place, storm: Storm) -> list[str]:
    """What is wrong once the storm is over; a service has to be running. First without an increment, so that
    only events can have told of anything, then with one."""
    found = [f"an event was answered with {one}" for one in storm.poster.answers if one not in ANSWERS]
    await quiet(site)
    found += await _arrived(site, place, storm)
    unsure = {slug: storm.unsure(slug) for slug in TRUTHS}
    compared = await site.compared(place.link, TRUTHS, unsure)
    found += [f"told and acknowledged, and not here: {one}" for one in _differing(compared, unsure)]
    await site.control.skew(SETTLED_SECONDS)
    await site.due(place)
    await quiet(site)
    lost = {slug: {id for name, id in storm.deleted if name == slug} & unsure[slug] for slug in TRUTHS}
    compared = await site.compared(place.link, TRUTHS)
    found += [f"not brought by the increment: {one}" for one in _differing(compared, lost)]
    await storm.tell_again()
    await quiet(site)
    compared = await site.compared(place.link, TRUTHS)
    found += [f"not equal in the end: {one}" for one in _differing(compared, {})]
    return found + await _kept(site, place, compared)


async def quiet(site: Site) -> None:
    """Returns when nothing waits and nobody works. Broken when that does not come. Sets of records that are
    gone though nobody told so wait on, behind all others."""
    await site.until(DRAINED, lambda rows: not rows, what="an end of all drains")
    await site.hasten("sets")
    await site.until(QUIET, lambda rows: not any(rows[0].values()), what="an end of all work")


async def _arrived(site: Site, place: Place, storm: Storm) -> list[str]:
    """Each event is stored as often as it was acknowledged; one whose answer was lost may be."""
    rows = {row["number"]: row for row in await site.rows(ARRIVED, connection=place.link.id)}
    found = []
    for event in storm.events:
        row = rows.pop(event.number, {"count": 0, "applied": 0, "outcomes": []})
        if not event.acknowledged <= row["count"] <= event.posts:
            found.append(f"{event} is stored {row['count']} times")
        if row["applied"] != row["count"] or not {*row["outcomes"]} <= {*ENDS}:
            found.append(f"{event} is not applied: {row}")
    return found + [f"an event that nobody posted: {row}" for row in rows.values()]


def _differing(found: Mapping[str, Comparison], unsure: Mapping[str, set[str]]) -> Iterable[str]:
    """Where tables and portal differ, beside records that may be in any state."""
    for slug, one in found.items():
        if one.missing or one.differing:
            yield f"{slug}: missing {one.missing[:9]}, {one.differing} differ: {one.differences[:5]}"
        if extra := {*one.extra} - unsure.get(slug, set()):
            yield f"{slug}: too many {sorted(extra)[:9]}"


async def _kept(site: Site, place: Place, compared: Mapping[str, Comparison]) -> list[str]:
    """The books: nothing twice, nothing left open, everything counted."""
    params = {"connection": place.link.id}
    found = [" ".join(row.values()) for row in await site.rows(DOUBLED, **params)]
    books = await site.one(BOOKS)
    found += [f"the books are not in order: {books}"] if any(books.values()) else []
    for slug, one in compared.items():
        row = await site.one(COUNTED, entity=slug, **params)
        if not row["counted"] == row["told"] == one.compared:
            found.append(f"{slug}: {one.compared} records, and {row}")
    return found


def check(found: Iterable[str], words: str) -> None:
    """Raises Broken with everything that is wrong."""
    if lines := list(found):
        raise Broken("\n".join([words, *lines[:20]]))
