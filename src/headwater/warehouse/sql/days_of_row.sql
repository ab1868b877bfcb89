-- The day of a row that is about to change, and those around it: whoever changes it holds no connection, so that the zone
-- may be another one a moment later.
select %(entity)s as entity, s.connection_id, day, day + 1 as until, s.zone
  from {normal} as t
  join headwater.rolled as s on s.tenant_id = t.tenant_id and s.connection_id = t.connection_id
 cross join generate_series(-1, 1) as apart
 cross join lateral (select (t.started_at at time zone s.zone)::date + apart as day) as local
 where t.tenant_id = %(tenant)s and t.ctid = %(place)s::tid and t.started_at is not null
