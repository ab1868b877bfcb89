-- The failed queue of some connections, the newest first, after a place in that order.
select f.id, c.slug as connection, f.entity, f.external_id, f.reason, f.field, f.tries, f.first_at, f.last_at
  from headwater.failed as f
  join headwater.connections as c
    on c.tenant_id = f.tenant_id and c.id = f.connection_id
 where f.tenant_id = %(tenant)s and f.connection_id = any (%(connections)s::bigint[])
   and (%(before)s::timestamptz is null or (f.last_at, f.id) < (%(before)s::timestamptz, %(before_id)s::bigint))
 order by f.last_at desc, f.id desc
 limit %(limit)s
