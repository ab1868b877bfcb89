-- When a deal that is about to change was created and closed.
select either.entity, s.connection_id, either.moment, s.zone
  from {normal} as t
  join headwater.rolled as s on s.tenant_id = t.tenant_id and s.connection_id = t.connection_id
 cross join lateral (values ('deals_created', t.created_at), ('deals_closed', t.closed_at)) as either (entity, moment)
 where t.tenant_id = %(tenant)s and t.ctid = %(place)s::tid
