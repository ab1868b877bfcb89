-- Records that hang on people: their deals, elements of smart processes, activities and calls.
with people as (
    select 'contacts' as entity, unnest(%(contacts)s::text[]) as id
     union all
    select 'leads', unnest(%(leads)s::text[])
), linked as (
    select l.entity, l.external_id as id
      from public.crm_links as l
      join people as p on p.entity = l.to_entity and p.id = l.to_id
     where l.tenant_id = %(tenant)s and l.connection_id = %(connection)s and l.entity not in ('contacts', 'leads')
     union
    select 'deals', external_id
      from public.crm_deals
     where tenant_id = %(tenant)s and connection_id = %(connection)s
       and (contact_id = any (%(contacts)s) or lead_id = any (%(leads)s))
     union
    select 'items_' || process, external_id
      from public.crm_items
     where tenant_id = %(tenant)s and connection_id = %(connection)s
       and (contact_id = any (%(contacts)s) or lead_id = any (%(leads)s))
     union
    select 'activities', external_id
      from public.crm_activities
     where tenant_id = %(tenant)s and connection_id = %(connection)s
       and (contact_id = any (%(contacts)s) or lead_id = any (%(leads)s))
     union
    select 'activities', l.activity_id
      from public.crm_activity_links as l
      join people as p on p.entity = l.entity and p.id = l.external_id
     where l.tenant_id = %(tenant)s and l.connection_id = %(connection)s
)
select entity, id from linked
 union
select 'calls', c.external_id
  from public.crm_calls as c
  left join people as p on p.entity = c.entity and p.id = c.record_id
 where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
   and (p.id is not null
        or c.activity_id in (select id from linked where entity = 'activities'))
