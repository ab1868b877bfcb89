-- Marks days as changed since their rows were counted. `begins` and `ends` lie a few hours around them.
with days as (
{days}
)
insert into headwater.rollup_marks (tenant_id, connection_id, entity, day, begins, ends)
select %(tenant)s, connection_id, %(entity)s, day, (day::timestamp at time zone zone) - interval '3 hours',
       ((day + 1)::timestamp at time zone zone) + interval '3 hours'
  from days
 order by day
on conflict (tenant_id, connection_id, entity, day) do update
   set version = excluded.version
