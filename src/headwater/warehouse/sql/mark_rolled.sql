-- Marks days or months as changed since their rows were counted. `begins` and `ends` lie a few hours around them.
with changed as (
{changed}
)
insert into headwater.rollup_marks (tenant_id, connection_id, entity, day, begins, ends)
select %(tenant)s, connection_id, entity, day, (day::timestamp at time zone zone) - interval '3 hours',
       (until::timestamp at time zone zone) + interval '3 hours'
  from changed
 order by entity, day
on conflict (tenant_id, connection_id, entity, day) do update
   set version = excluded.version
