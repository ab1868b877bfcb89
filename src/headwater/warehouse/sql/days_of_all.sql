-- Every day of a connection that has any rows, in a zone that is not counted in yet.
select distinct %(entity)s as entity, connection_id, day, day + 1 as until, %(zone)s as zone
  from {normal}
 cross join lateral (select (started_at at time zone %(zone)s)::date as day) as local
 where tenant_id = %(tenant)s and connection_id = %(connection)s and started_at is not null
