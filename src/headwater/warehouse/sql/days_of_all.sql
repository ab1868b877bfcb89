-- Every day of a connection that has any rows, in a zone that is not counted in yet.
select distinct connection_id, (started_at at time zone %(zone)s)::date as day, %(zone)s as zone
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and started_at is not null
