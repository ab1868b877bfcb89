-- The deals and leads that a connection's next changes are about, and up to where they go; nothing when there are none.
-- What an activity or a step between stages belongs to now; what it belonged to before, pattern_marks know.
with next as materialized (
    select c.era, c.xid, c.id, c.entity, c.external_id
      from headwater.changes as c
     where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
       and (c.era, c.xid, c.id) > (%(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
       and (c.era < (select headwater.era()) or c.xid < pg_snapshot_xmin(pg_current_snapshot()))
     order by c.era, c.xid, c.id
     limit %(limit)s
), touched as (
    select n.entity, n.external_id
      from next as n
     where n.entity in ('deals', 'leads')
     union
    select l.entity, l.external_id
      from next as n
      join public.crm_activity_links as l
        on l.tenant_id = %(tenant)s and l.connection_id = %(connection)s and l.activity_id = n.external_id
     where n.entity in ('activities', 'activity_links') and l.entity in ('deals', 'leads')
     union
    select o.entity, o.external_id
      from next as n
      join public.crm_activities as a
        on a.tenant_id = %(tenant)s and a.connection_id = %(connection)s and a.external_id = n.external_id
     cross join lateral (values ('deals', a.deal_id), ('leads', a.lead_id)) as o (entity, external_id)
     where n.entity = 'activities' and o.external_id is not null
     union
    select h.entity, h.external_id
      from next as n
      join public.crm_stage_history as h
        on h.tenant_id = %(tenant)s and h.connection_id = %(connection)s and h.entity = 'deals' and h.id = n.external_id
     where n.entity = 'deal_stage_history'
)
select last.era, last.xid::text as xid, last.id, (select count(*) from next) as many,
       array(select t.external_id from touched as t where t.entity = 'deals') as deals,
       array(select t.external_id from touched as t where t.entity = 'leads') as leads
  from (select n.era, n.xid, n.id from next as n order by n.era desc, n.xid desc, n.id desc limit 1) as last
