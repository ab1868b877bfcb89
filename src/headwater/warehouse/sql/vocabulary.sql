-- What the tenant's ids are called: stages, pipelines, labels, people, connections, and fields of its own.
select 'stages' as book, s.entity, '' as field, s.connection_id as connection, s.id, s.name as label,
       (row_number() over (partition by s.connection_id, s.entity
                           order by not coalesce(p.main, false), p.sort, s.pipeline, s.sort, s.id))::integer as sort,
       s.semantics as kind
  from public.crm_stages as s
  left join public.crm_pipelines as p
    on p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.entity = s.entity and p.id = s.pipeline
 where s.tenant_id = %(tenant)s
 union all
select 'pipelines', p.entity, '', p.connection_id, p.id, p.name, p.sort, ''
  from public.crm_pipelines as p
 where p.tenant_id = %(tenant)s
 union all
select 'labels', l.entity, l.field, l.connection_id, l.id, l.label, 0, ''
  from public.crm_labels as l
 where l.tenant_id = %(tenant)s and l.lang = ''
 union all
select 'users', '', '', u.connection_id, u.external_id, coalesce(u.name, u.external_id), 0, ''
  from public.crm_users as u
 where u.tenant_id = %(tenant)s
 union all
select 'connections', '', '', c.id, c.id::text, c.title, 0, c.slug || ' ' || c.source
  from headwater.connections as c
 where c.tenant_id = %(tenant)s
 union all
select 'custom', t.entity, t.field, t.connection_id, t.column_name, t.label, t.position, t.kind
  from headwater.typed_columns as t
 where t.tenant_id = %(tenant)s and t.custom and t.removed_at is null and not t.withheld
