-- The days that a page changes in what is counted by the day: those its rows are of, and those they were of.
-- What else may have changed of a row does not count.
with fresh as (
    select id, started_at, employee_id, {type} as type, {outcome} as outcome, duration_seconds
      from {staged}
), stored as (
    select {id} as id, started_at, employee_id, {type} as type, {outcome} as outcome, duration_seconds
      from {normal}
     where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(changed)s)
)
select distinct %(entity)s as entity, s.connection_id, day, day + 1 as until, s.zone
  from headwater.rolled as s
 cross join fresh
  left join stored using (id)
 cross join lateral (values (fresh.started_at), (stored.started_at)) as either (moment)
 cross join lateral (select (either.moment at time zone s.zone)::date as day) as local
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and either.moment is not null
   and (fresh.started_at, fresh.employee_id, fresh.type, fresh.outcome, fresh.duration_seconds)
       is distinct from
       (stored.started_at, stored.employee_id, stored.type, stored.outcome, stored.duration_seconds)
