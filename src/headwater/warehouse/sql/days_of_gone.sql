-- The days of records that are about to go.
select distinct %(entity)s as entity, s.connection_id, day, day + 1 as until, s.zone
  from {normal} as t
  join headwater.rolled as s on s.tenant_id = t.tenant_id and s.connection_id = t.connection_id
 cross join lateral (select (t.started_at at time zone s.zone)::date as day) as local
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{id} = any (%(ids)s)
   and t.started_at is not null
