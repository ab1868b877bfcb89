"""What the warehouse says of itself must agree at any moment: places, feed, history, counters, belongings."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from headwater.core.model import EntitySpec
from headwater.testing.histories.casts import Belonging
from headwater.testing.histories.truths import COMMENT, PRODUCT, Set, moment, plain
from headwater.testing.river import River
from headwater.warehouse import crm

MADE = """
    select slug, to_regclass(%(schema)s || '.crm_' || slug) is not null as made
      from unnest(%(slugs)s::text[]) as slug
"""

TYPED = """
    select '{slug}' as entity, bitrix_id as id, _began as began,
           to_jsonb(t) || coalesce(nullif(to_jsonb(t) -> '_more', 'null'), '{{}}') as row
      from {schema}.crm_{slug} as t
     where tenant_id = %(tenant)s
"""
NORMAL = """
    select '{slug}' as entity, {key} as id, began
      from public.crm_{place} as n
     where tenant_id = %(tenant)s and {part}
"""
SETS = """
    select '{one.slug}' as entity, '{one.entity}' as owner, {one.owner} as id, place,
           to_jsonb(t) - '{{tenant_id,connection_id,began}}'::text[] as row
      from public.{one.table} as t
     where tenant_id = %(tenant)s and {one.part}
"""
NOTHING = """
    select null::text as entity, null::text as owner, null::text as id, 0 as place, null::jsonb as row
     where false
"""
NOT_MADE = """
    select null::text as entity, null::text as id, 0::bigint as began, null::jsonb as row
     where false
"""

BOOKS = """
with typed as ({typed}), normal as ({normal}), set_rows as ({sets}), ever as (
    select entity, ids.id
      from jsonb_each(%(ever)s::jsonb) as told (entity, ids)
     cross join lateral jsonb_array_elements_text(told.ids) as ids (id)
), kinds as (
    select kind as entity, owner
      from jsonb_each_text(%(kinds)s::jsonb) as kind (kind, owner)
), sets as (
    select entity, owner, id, jsonb_agg(row order by place) as rows
      from set_rows
     group by entity, owner, id
), gone as (
    select entity, external_id as id, began,
           last_row || coalesce(nullif(last_row -> '_more', 'null'), '{{}}') as row
      from headwater.gone
     where tenant_id = %(tenant)s
), feed as (
    select entity, external_id as id, action, row_number() over told as at,
           lag(action) over told as before, lead(action) over told is null as last
      from headwater.changes
     where tenant_id = %(tenant)s and entity <> all (array(select entity from kinds))
    window told as (partition by entity, external_id order by era, xid, id)
), steps as (
    select h.entity, h.external_id as id, d.key, d.value -> 0 as old, d.value -> 1 as new, h.began,
           (select min(gone.began)
              from gone
             where gone.entity = h.entity and gone.id = h.external_id and gone.began > h.began) as ended
      from headwater.history as h
     cross join lateral jsonb_each(h.diff) as d
     where h.tenant_id = %(tenant)s and h.entity <> all (array(select entity from kinds))
), path as (
    select entity, id, key, old, new, ended, lag(new) over way as known, lag(began) over way is null as first,
           lead(began) over way is null as last
      from steps
    window way as (partition by entity, id, key, ended order by began)
), set_steps as (
    select h.entity, h.external_id as id, h.diff -> 'rows' -> 0 as old, h.diff -> 'rows' -> 1 as new, h.began,
           (select min(gone.began)
              from gone
             where gone.entity = kinds.owner and gone.id = h.external_id and gone.began > h.began) as ended
      from headwater.history as h
      join kinds using (entity)
     where h.tenant_id = %(tenant)s
), set_path as (
    select entity, id, old, new, ended, lag(new) over way as known, lead(began) over way is null as last
      from set_steps
    window way as (partition by entity, id, ended order by began)
), waiting as (
    select s.entity, kinds.owner, s.external_id as id, s.due, s.touched, s.began, s.version,
           exists (select from headwater.failed as f
                    where f.tenant_id = %(tenant)s and f.entity = s.entity
                      and f.external_id = s.external_id) as failed
      from (select tenant_id, entity, external_id, due, touched, began, version
              from headwater.child_sets
             union all
            select tenant_id, entity, external_id, true, touched, 0, ''
              from headwater.due_sets as d
             where not exists (select
                                 from headwater.child_sets as c
                                where c.tenant_id = d.tenant_id and c.connection_id = d.connection_id
                                  and c.entity = d.entity and c.external_id = d.external_id)) as s
      left join kinds using (entity)
     where s.tenant_id = %(tenant)s
), counted as (
    select slug as entity,
           (select count(*) from normal where normal.entity = slug) as stored,
           (select coalesce(sum(total_records), 0)
              from headwater.sync_state
             where tenant_id = %(tenant)s and entity_type = slug) as total,
           (select coalesce(sum(created) - sum(deleted), 0)
              from headwater.sync_logs
             where tenant_id = %(tenant)s and entity_type = slug) as logged
      from unnest(%(slugs)s::text[]) as slug
)
select 'stored in one of its two tables' as what, entity, id, null as more
  from typed full join normal using (entity, id)
 where typed.id is null or normal.id is null
 union all
select 'read twice in one row', entity, id, typed.began || ' and ' || normal.began
  from typed join normal using (entity, id)
 where typed.began <> normal.began
 union all
select 'stored, and gone since', entity, id, null
  from normal join gone using (entity, id)
 where gone.began >= normal.began
 union all
select 'the portal never had it', entity, id, null
  from normal
  left join ever using (entity, id)
 where ever.id is null
 union all
select 'the feed tells what cannot be', entity, id, coalesce(before, 'nothing') || ', then ' || action
  from feed
 where (coalesce(before, 'delete') = 'delete') <> (action = 'create')
 union all
select 'the feed ends elsewhere', entity, id, feed.action
  from (select * from feed where last) as feed
  full join normal using (entity, id)
 where (coalesce(feed.action, 'delete') = 'delete') <> (normal.id is null)
 union all
select 'the history has a gap', entity, id, key || ' was ' || known || ', then changed from ' || old
  from path
 where not first and coalesce(known, 'null') <> coalesce(old, 'null')
 union all
select 'the history ends elsewhere', entity, id, key || ': ' || path.new || ', stored ' || (kept.row -> key)
  from path
  join (select entity, id, null::bigint as ended, row from typed
         union all
        select entity, id, began, row from gone) as kept using (entity, id)
 where path.last and kept.ended is not distinct from path.ended
   and coalesce(path.new, 'null') <> coalesce(kept.row -> path.key, 'null')
 union all
select 'the history of nothing', entity, id, key
  from path
 where path.ended is null and not exists
       (select from typed where typed.entity = path.entity and typed.id = path.id)
 union all
select 'the history of what belongs to a record has a gap', entity, id, known::text || ', then ' || old::text
  from set_path
 where known <> old
 union all
select 'the history of what belongs to a record ends elsewhere', entity, id, new::text
  from set_path
  left join sets using (entity, id)
 where last and ended is null and new <> coalesce(rows, '[]')
 union all
select 'what belongs to a record outlives it', left_over.entity, left_over.id, null
  from (select entity, owner, id from sets union select entity, owner, id from waiting) as left_over
 where not exists (select from normal where normal.entity = left_over.owner and normal.id = left_over.id)
 union all
select 'nobody knows whether its set was read', kinds.entity, normal.id, null
  from normal
  join kinds on kinds.owner = normal.entity and kinds.entity <> 'activity_links'
  left join waiting on waiting.entity = kinds.entity and waiting.id = normal.id
 where waiting.id is null
 union all
select 'its set is older than itself, and not due', entity, id, touched || ' touched, read ' || began
  from waiting
 where not due and touched > began and not failed
 union all
select 'its set is due for no reason', entity, id, touched || ' touched, read ' || began
  from waiting
 where due and touched between 0 and began and version <> ''
 union all
select 'the counters', entity, null, to_jsonb(counted)::text
  from counted
 where stored <> total or stored <> logged
 limit 10
"""

LISTS = {
    "stages": "select entity, pipeline, id, name, sort, semantics from public.crm_stages where {live}",
    "pipelines": "select entity, id, name, sort, main from public.crm_pipelines where {live}",
    "departments": "select id, name, parent, head, sort from public.crm_departments where {live}",
    "labels": "select entity, field, id, label, lang from public.crm_labels where {live}",
    "currencies": """
        select distinct on (id) id, name, base, rate
          from public.crm_currencies
         where tenant_id = %(tenant)s
         order by id, recorded_at desc""",
}


async def complaints(
    river: River, specs: Mapping[str, EntitySpec], kinds: Sequence[Belonging], ever: Mapping[str, set[int]]
) -> list[str]:
    """What does not agree; after any run, however it ended, nothing may. `ever`: ids the portal ever had."""
    schema = river.link.slug
    made = await river.rows(MADE, schema=schema, slugs=list(specs))
    typed = [TYPED.format(slug=row["slug"], schema=schema) for row in made if row["made"]]
    normal = [NORMAL.format(slug=slug, **place(spec)) for slug, spec in specs.items()]
    statement = BOOKS.format(
        typed=" union all ".join(typed or [NOT_MADE]),
        normal=" union all ".join(normal),
        sets=" union all ".join([SETS.format(one=one) for one in kinds] or [NOTHING]),
    )
    found = await river.rows(
        statement,
        slugs=list(specs),
        ever=orjson.dumps({slug: [str(id) for id in ever[slug]] for slug in specs}).decode(),
        kinds=orjson.dumps({one.slug: one.entity for one in kinds}).decode(),
    )
    return [": ".join(str(part) for part in row.values() if part is not None) for row in found]


def place(spec: EntitySpec) -> dict[str, str]:
    """Where its normalised rows are: `place` after crm_, `key` their id, `part` which rows of n are its."""
    table = crm.TABLES[spec.place]
    part = f"n.{table.scope} = '{spec.scope}'" if table.scope else "true"
    return {"place": spec.place, "key": table.key, "part": part}


async def sets(river: River, kinds: Sequence[Belonging]) -> dict[tuple[str, str], Set]:
    """Stored sets by kind and the id of their record; empty ones are absent."""
    found: dict[tuple[str, str], Set] = {}
    if kinds:
        statement = " union all ".join(SETS.format(one=one) for one in kinds) + " order by 1, 3, 4"
        for row in await river.rows(statement):
            key = (row["entity"], row["id"])
            found[key] = (*found.get(key, ()), _told(row["entity"], row["row"]))
    return found


async def lists(river: River) -> dict[str, set[tuple[Any, ...]]]:
    """The small lists as they are stored; what is gone is left out."""
    live = "tenant_id = %(tenant)s and gone_at is null"
    found = {}
    for name, statement in LISTS.items():
        rows = await river.rows(statement.format(live=live))
        found[name] = {tuple(_number(value) for value in row.values()) for row in rows}
    return found


def _told(kind: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    if kind == "deal_products":
        return plain(row[name] for name in PRODUCT)
    if kind.endswith("_comments"):
        *known, created = (row[name] for name in COMMENT)
        return (*plain(known), moment(created))
    if kind == "activity_links":
        return (row["entity"], row["external_id"])
    return (row["to_id"],)


def _number(value: Any) -> Any:
    return plain([value])[0] if type(value).__name__ == "Decimal" else value
