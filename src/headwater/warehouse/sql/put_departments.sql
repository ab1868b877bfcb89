-- Departments as they are now; those that the source has no more keep their name.
with read as (
    select distinct on (id) id, name, parent, head, sort
      from jsonb_to_recordset(%(entries)s::jsonb) as e (id text, name text, parent text, head text, sort integer)
     order by id
), gone as (
    update public.crm_departments as t
       set gone_at = %(now)s
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.gone_at is null
       and not exists (select from read where (read.id) = (t.id))
)
insert into public.crm_departments as t (tenant_id, connection_id, id, name, parent, head, sort)
select %(tenant)s, %(connection)s, id, name, parent, head, sort
  from read
on conflict (tenant_id, connection_id, id) do update
   set name = excluded.name, parent = excluded.parent, head = excluded.head, sort = excluded.sort, gone_at = null
 where (t.name, t.parent, t.head, t.sort) is distinct from (excluded.name, excluded.parent, excluded.head, excluded.sort) or t.gone_at is not null
