-- What the source says of the sets of these records is kept aside: they are not due.
insert into headwater.child_sets as s (tenant_id, connection_id, entity, external_id, due)
select %(tenant)s, %(connection)s, %(slug)s, record.id, false
  from unnest(%(ids)s::text[]) as record (id)
    on conflict (tenant_id, connection_id, entity, external_id) do update
   set due = s.touched > %(began)s
