-- Into the failed queue, never tried and so due at once: records that name one of these.
insert into headwater.failed
       (tenant_id, connection_id, entity, key, external_id, reason, began, run_id, tries, first_at, last_at)
select distinct tenant_id, connection_id, %(entity)s, {id}, {id}, %(reason)s, %(began)s::bigint, %(run)s::bigint, 0,
       %(now)s::timestamptz, %(now)s::timestamptz
  from {table}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {column} = any (%(ids)s){part}
on conflict (tenant_id, connection_id, entity, key) do nothing
