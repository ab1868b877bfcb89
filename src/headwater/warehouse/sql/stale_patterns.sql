-- The deals and leads that these changed records are about. What an activity or a step between stages belongs to now; what
-- it belonged to before, pattern_marks know. By arrays, not by joins: of tables that are being filled the planner knows
-- nothing yet, and would compare every change with every row.
with next as materialized (
    select c.entity, c.external_id
      from unnest(%(entities)s::text[], %(ids)s::text[]) as c (entity, external_id)
), touched as (
    select n.entity, n.external_id
      from next as n
     where n.entity in ('deals', 'leads')
     union
    select l.entity, l.external_id
      from public.crm_activity_links as l
     where l.tenant_id = %(tenant)s and l.connection_id = %(connection)s and l.entity in ('deals', 'leads')
       and l.activity_id = any (array(select n.external_id from next as n where n.entity in ('activities', 'activity_links')))
     union
    select o.entity, o.external_id
      from public.crm_activities as a
     cross join lateral (values ('deals', a.deal_id), ('leads', a.lead_id)) as o (entity, external_id)
     where a.tenant_id = %(tenant)s and a.connection_id = %(connection)s and o.external_id is not null
       and a.external_id = any (array(select n.external_id from next as n where n.entity = 'activities'))
     union
    select h.entity, h.external_id
      from public.crm_stage_history as h
     where h.tenant_id = %(tenant)s and h.connection_id = %(connection)s and h.entity = 'deals'
       and h.id = any (array(select n.external_id from next as n where n.entity = 'deal_stage_history'))
)
select array(select t.external_id from touched as t where t.entity = 'deals') as deals,
       array(select t.external_id from touched as t where t.entity = 'leads') as leads
