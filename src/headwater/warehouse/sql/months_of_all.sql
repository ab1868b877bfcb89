-- Every month of a connection that any deals are of, in a zone that is not counted in yet.
select distinct either.entity, t.connection_id, local.day, local.until, %(zone)s as zone
  from {normal} as t
 cross join lateral (values ('deals_created', t.created_at), ('deals_closed', t.closed_at)) as either (entity, moment)
 cross join lateral headwater.months_around(either.moment, %(zone)s) as local (day, until)
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s
