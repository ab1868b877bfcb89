-- A connection does not rest any more.
update headwater.jobs
   set rests_until = null
 where connection_id = %(connection)s and rests_until is not null
