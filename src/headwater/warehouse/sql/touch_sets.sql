-- These records changed: what belongs to them is to be read again. Most are new, and a plain insert of those costs
-- little more than half of one with `on conflict`.
with known as (
    update headwater.child_sets
       set due = true, touched = greatest(touched, %(began)s)
     where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = any (%(slugs)s)
       and external_id = any (%(ids)s)
    returning entity, external_id
)
insert into headwater.child_sets (tenant_id, connection_id, entity, external_id, touched, due)
select %(tenant)s, %(connection)s, one.slug, record.id, %(began)s, true
  from unnest(%(slugs)s::text[]) as one (slug)
 cross join unnest(%(ids)s::text[]) as record (id)
 where not exists (select from known where known.entity = one.slug and known.external_id = record.id)
