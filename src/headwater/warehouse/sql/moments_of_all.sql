-- When all deals of a connection were created and closed, with a zone that is not counted in yet.
select either.entity, t.connection_id, either.moment, %(zone)s as zone
  from {normal} as t
 cross join lateral (values ('deals_created', t.created_at), ('deals_closed', t.closed_at)) as either (entity, moment)
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s
