-- So much failed of a connection that nothing of it is tried before then.
update headwater.jobs
   set held_until = greatest(held_until, %(until)s)
 where connection_id = %(connection)s
