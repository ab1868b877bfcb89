-- Pipelines as they are now; those that the source has no more keep their name.
with read as (
    select distinct on (entity, id) entity, id, name, sort, main
      from jsonb_to_recordset(%(entries)s::jsonb) as e (entity text, id text, name text, sort integer, main boolean)
     order by entity, id
), gone as (
    update public.crm_pipelines as t
       set gone_at = %(now)s
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.gone_at is null
       and not exists (select from read where (read.entity, read.id) = (t.entity, t.id))
)
insert into public.crm_pipelines as t (tenant_id, connection_id, entity, id, name, sort, main)
select %(tenant)s, %(connection)s, entity, id, name, sort, main
  from read
on conflict (tenant_id, connection_id, entity, id) do update
   set name = excluded.name, sort = excluded.sort, main = excluded.main, gone_at = null
 where (t.name, t.sort, t.main) is distinct from (excluded.name, excluded.sort, excluded.main) or t.gone_at is not null
