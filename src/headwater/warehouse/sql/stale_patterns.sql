-- The deals and leads that these changed records are about. What an activity or a step between stages belongs to now; what
-- it belonged to before, pattern_marks know.
with next as materialized (
    select c.entity, c.external_id
      from unnest(%(entities)s::text[], %(ids)s::text[]) as c (entity, external_id)
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
select array(select t.external_id from touched as t where t.entity = 'deals') as deals,
       array(select t.external_id from touched as t where t.entity = 'leads') as leads
