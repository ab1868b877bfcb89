-- Marks every day of a connection that has any rows.
with days as (
    select distinct (started_at at time zone %(zone)s)::date as day
      from {normal}
     where tenant_id = %(tenant)s and connection_id = %(connection)s and started_at is not null
)
insert into headwater.rollup_marks (tenant_id, connection_id, entity, day, begins, ends)
select %(tenant)s, %(connection)s, %(entity)s, day, (day::timestamp at time zone %(zone)s) - interval '3 hours',
       ((day + 1)::timestamp at time zone %(zone)s) + interval '3 hours'
  from days
 order by day
on conflict (tenant_id, connection_id, entity, day) do update
   set version = excluded.version
