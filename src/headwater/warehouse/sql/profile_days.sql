-- How many records of a connection there are of each day, on the clock of whoever asks; null: without a time.
select (r.{at} at time zone headwater.zone())::date as day, count(*) as records
  from {table} as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
 group by 1
 order by 1
