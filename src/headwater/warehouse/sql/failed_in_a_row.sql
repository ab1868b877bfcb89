-- How often work on a connection failed since any of it succeeded.
select coalesce(sum(tries), 0)
  from headwater.jobs
 where connection_id = %(connection)s
   and failed_at > coalesce((select max(done_at) from headwater.jobs where connection_id = %(connection)s), '-infinity')
