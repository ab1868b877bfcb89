-- What values of an entity's fields are called: stages, pipelines, and entries of lists.
select s.entity, case s.entity when 'leads' then 'status' else 'stage' end as field, s.id, substr(s.name, 1, 120) as label
  from public.crm_stages as s
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and s.entity in ('leads', 'deals')
 union all
select p.entity, 'pipeline', p.id, substr(p.name, 1, 120)
  from public.crm_pipelines as p
 where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s and p.entity = 'deals'
 union all
(select k.entity, 'typed:' || k.field, k.id, min(substr(k.label, 1, 120))
   from public.crm_labels as k
  where k.tenant_id = %(tenant)s and k.connection_id = %(connection)s and k.lang = ''
  group by k.entity, k.field, k.id
  order by k.entity, k.field, k.id
  limit 50000)
