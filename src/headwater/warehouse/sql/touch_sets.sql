-- These records changed: what belongs to them is to be read again.
insert into headwater.child_sets as s (tenant_id, connection_id, entity, external_id, touched, due)
select %(tenant)s, %(connection)s, one.slug, record.id, %(began)s, true
  from unnest(%(slugs)s::text[]) as one (slug)
 cross join unnest(%(ids)s::text[]) as record (id)
 order by one.slug, record.id
    on conflict (tenant_id, connection_id, entity, external_id) do update
   set due = true, touched = greatest(s.touched, excluded.touched)
