-- How many records of a connection there are of each day, on the clock of a time zone; null: without a time.
select (r.{at} at time zone %(zone)s)::date as day, count(*) as records
  from {table} as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
 group by 1
 order by 1
