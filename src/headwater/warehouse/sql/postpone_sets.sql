-- The source says nothing of these records now. Their sets stay due, behind all others; the last asked comes last.
insert into headwater.child_sets (tenant_id, connection_id, entity, external_id, touched, due)
select %(tenant)s, %(connection)s, %(slug)s, record.id, -%(began)s::bigint, true
  from unnest(%(ids)s::text[]) as record (id)
    on conflict (tenant_id, connection_id, entity, external_id) do update
   set touched = excluded.touched
