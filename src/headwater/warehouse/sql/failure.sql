-- One entry of the failed queue, whole.
select f.id, c.slug as connection, f.entity, f.external_id, f.reason, f.field, f.raw, f.tries, f.first_at, f.last_at,
       f.run_id
  from headwater.failed as f
  join headwater.connections as c
    on c.tenant_id = f.tenant_id and c.id = f.connection_id
 where f.tenant_id = %(tenant)s and f.id = %(id)s
