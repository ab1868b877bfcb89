-- A connection does not rest any more, now that work with its portal succeeded or a person wishes for some.
update headwater.jobs
   set rests_until = null
 where connection_id = %(connection)s and rests_until is not null and %(kind)s <> 'refresh'
