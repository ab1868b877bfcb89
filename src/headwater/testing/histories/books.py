"""What the warehouse says of itself must agree at any moment: places, feed, history, counters, belongings."""

from collections.abc import Iterable

from headwater.testing.river import River

EXISTS = "select to_regclass(%(typed)s) is not null as made, (select count(*) from crm_deals) as deals"

BOOKS = """
with typed as (
    select bitrix_id as id, _began as began,
           to_jsonb(t) || coalesce(nullif(to_jsonb(t) -> '_more', 'null'), '{{}}') as row
      from {schema}.crm_deals as t
     where tenant_id = %(tenant)s
), normal as (
    select external_id as id, began
      from crm_deals
     where tenant_id = %(tenant)s
), gone as (
    select external_id as id, began, last_row || coalesce(nullif(last_row -> '_more', 'null'), '{{}}') as row
      from headwater.gone
     where tenant_id = %(tenant)s and entity = 'deals'
), sets as (
    select entity, id, jsonb_agg(row - '{{tenant_id,connection_id,began}}'::text[] order by place) as rows
      from (select 'deal_contacts' as entity, external_id as id, place, to_jsonb(t) as row
              from crm_links as t
             where tenant_id = %(tenant)s and entity = 'deals' and to_entity = 'contacts'
             union all
            select 'deal_products', deal_id, place, to_jsonb(t)
              from crm_deal_products as t
             where tenant_id = %(tenant)s
             union all
            select 'deal_comments', external_id, place, to_jsonb(t)
              from crm_comments as t
             where tenant_id = %(tenant)s and entity = 'deals') as belonging
     group by entity, id
), feed as (
    select external_id as id, action, row_number() over told as at,
           lag(action) over told as before, lead(action) over told is null as last
      from headwater.changes
     where tenant_id = %(tenant)s and entity = 'deals'
    window told as (partition by external_id order by era, xid, id)
), steps as (
    select h.external_id as id, d.key, d.value -> 0 as old, d.value -> 1 as new, h.began,
           (select min(gone.began) from gone where gone.id = h.external_id and gone.began > h.began) as ended
      from headwater.history as h
     cross join lateral jsonb_each(h.diff) as d
     where h.tenant_id = %(tenant)s and h.entity = 'deals'
), set_steps as (
    select entity, external_id as id, diff -> 'rows' -> 0 as old, diff -> 'rows' -> 1 as new, began,
           (select min(gone.began)
              from gone
             where gone.id = h.external_id and gone.began > h.began) as ended
      from headwater.history as h
     where tenant_id = %(tenant)s and entity in ('deal_contacts', 'deal_products', 'deal_comments')
), set_path as (
    select entity, id, old, new, ended, lag(new) over way as known, lead(began) over way is null as last
      from set_steps
    window way as (partition by entity, id, ended order by began)
), path as (
    select id, key, old, new, ended, lag(new) over way as known, lag(began) over way is null as first,
           lead(began) over way is null as last
      from steps
    window way as (partition by id, key, ended order by began)
), counted as (
    select (select count(*) from normal) as deals,
           (select coalesce(sum(total_records), 0)
              from headwater.sync_state
             where tenant_id = %(tenant)s and entity_type = 'deals') as total,
           (select coalesce(sum(created) - sum(deleted), 0)
              from headwater.sync_logs
             where tenant_id = %(tenant)s and entity_type = 'deals') as logged
)
select 'stored in one of its two tables' as what, id, null as more
  from typed full join normal using (id)
 where typed.id is null or normal.id is null
 union all
select 'read twice in one row', id, typed.began || ' and ' || normal.began
  from typed join normal using (id)
 where typed.began <> normal.began
 union all
select 'stored, and gone since', id, null
  from normal join gone using (id)
 where gone.began >= normal.began
 union all
select 'the portal never had it', id, null
  from normal
 where id <> all (%(ever)s)
 union all
select 'the feed tells what cannot be', id, coalesce(before, 'nothing') || ', then ' || action
  from feed
 where (coalesce(before, 'delete') = 'delete') <> (action = 'create')
 union all
select 'the feed ends elsewhere', coalesce(feed.id, normal.id), feed.action
  from (select * from feed where last) as feed
  full join normal using (id)
 where (coalesce(feed.action, 'delete') = 'delete') <> (normal.id is null)
 union all
select 'the history has a gap', id, key || ' was ' || known || ', then changed from ' || old
  from path
 where not first and coalesce(known, 'null') <> coalesce(old, 'null')
 union all
select 'the history ends elsewhere', id, key || ': ' || path.new || ', stored ' || (kept.row -> key)
  from path
  join (select id, null::bigint as ended, row from typed union all select id, began, row from gone) as kept
       using (id)
 where path.last and kept.ended is not distinct from path.ended
   and coalesce(path.new, 'null') <> coalesce(kept.row -> path.key, 'null')
 union all
select 'the history of nothing', id, key
  from path
 where path.ended is null and not exists (select from typed where typed.id = path.id)
 union all
select 'the history of what belongs to a deal has a gap', id, entity || ': ' || known || ', then ' || old
  from set_path
 where known <> old
 union all
select 'the history of what belongs to a deal ends elsewhere', id, entity || ': ' || new
  from set_path
  left join sets using (entity, id)
 where last and ended is null and new <> coalesce(rows, '[]')
 union all
select 'what belongs to a deal outlives it', id, entity
  from (select entity, id from sets
         union
        select entity, external_id from headwater.child_sets where tenant_id = %(tenant)s) as left_over
 where not exists (select from normal where normal.id = left_over.id)
 union all
select 'the counters', null, to_jsonb(counted)::text
  from counted
 where deals <> total or deals <> logged
 limit 10
"""


async def complaints(river: River, ever: Iterable[int]) -> list[str]:
    """What does not agree; after any run, however it ended, nothing may. `ever`: ids the portal ever had."""
    schema = river.link.slug
    [told] = await river.rows(EXISTS, typed=f"{schema}.crm_deals")
    if not told["made"]:
        return ["deals without a typed table"] if told["deals"] else []
    found = await river.rows(BOOKS.format(schema=schema), ever=[str(id) for id in ever])
    return [": ".join(str(part) for part in row.values() if part is not None) for row in found]
