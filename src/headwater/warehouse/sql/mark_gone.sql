-- Marks the days of records that are about to go in what is counted by the day.
with days as (
    select distinct (t.started_at at time zone s.zone)::date as day, s.zone
      from {normal} as t
      join headwater.rolled as s on s.tenant_id = t.tenant_id and s.connection_id = t.connection_id
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{id} = any (%(ids)s)
       and t.started_at is not null
)
insert into headwater.rollup_marks (tenant_id, connection_id, entity, day, begins, ends)
select %(tenant)s, %(connection)s, %(entity)s, day, (day::timestamp at time zone zone) - interval '3 hours',
       ((day + 1)::timestamp at time zone zone) + interval '3 hours'
  from days
 order by day
on conflict (tenant_id, connection_id, entity, day) do update
   set version = excluded.version
