-- Stages as they are now; those that the source has no more keep their name.
with read as (
    select distinct on (entity, id) entity, id, pipeline, name, sort, semantics
      from jsonb_to_recordset(%(entries)s::jsonb) as e (entity text, pipeline text, id text, name text, sort integer, semantics text)
     order by entity, id
), gone as (
    update public.crm_stages as t
       set gone_at = %(now)s
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.gone_at is null
       and not exists (select from read where (read.entity, read.id) = (t.entity, t.id))
)
insert into public.crm_stages as t (tenant_id, connection_id, entity, id, pipeline, name, sort, semantics)
select %(tenant)s, %(connection)s, entity, id, pipeline, name, sort, semantics
  from read
on conflict (tenant_id, connection_id, entity, id) do update
   set pipeline = excluded.pipeline, name = excluded.name, sort = excluded.sort, semantics = excluded.semantics, gone_at = null
 where (t.pipeline, t.name, t.sort, t.semantics) is distinct from (excluded.pipeline, excluded.name, excluded.sort, excluded.semantics) or t.gone_at is not null
