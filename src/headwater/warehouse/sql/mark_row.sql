-- Marks the day of a row that is about to change in what is counted by the day, and those around it: whoever changes it
-- holds no connection, so that the zone may be another one a moment later.
insert into headwater.rollup_marks (tenant_id, connection_id, entity, day, begins, ends)
select t.tenant_id, t.connection_id, %(entity)s, around.day, (around.day::timestamp at time zone s.zone) - interval '3 hours',
       ((around.day + 1)::timestamp at time zone s.zone) + interval '3 hours'
  from {table} as t
  join headwater.rolled as s on s.tenant_id = t.tenant_id and s.connection_id = t.connection_id
 cross join lateral (select (t.started_at at time zone s.zone)::date + apart as day
                       from generate_series(-1, 1) as apart) as around
 where t.tenant_id = %(tenant)s and t.ctid = %(place)s::tid and t.started_at is not null
 order by around.day
on conflict (tenant_id, connection_id, entity, day) do update
   set version = excluded.version
