-- So much failed of a connection that nothing of it is tried before then.
update headwater.jobs
   set rests_until = %(until)s
 where connection_id = %(connection)s
