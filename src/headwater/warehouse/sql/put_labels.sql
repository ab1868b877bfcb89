-- What values of fields are called now; those that the source has no more keep their name.
with read as (
    select distinct on (entity, field, id, lang) entity, field, id, lang, label
      from jsonb_to_recordset(%(entries)s::jsonb) as e (entity text, field text, id text, label text, lang text)
     order by entity, field, id, lang
), gone as (
    update public.crm_labels as t
       set gone_at = %(now)s
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.gone_at is null
       and t.entity = any (%(entities)s)
       and not exists (select from read where (read.entity, read.field, read.id, read.lang) = (t.entity, t.field, t.id, t.lang))
)
insert into public.crm_labels as t (tenant_id, connection_id, entity, field, id, lang, label)
select %(tenant)s, %(connection)s, entity, field, id, lang, label
  from read
on conflict (tenant_id, connection_id, entity, field, id, lang) do update
   set label = excluded.label, gone_at = null
 where (t.label) is distinct from (excluded.label) or t.gone_at is not null
