-- Work on a connection succeeded: what was held only because other work of it failed is free.
update headwater.jobs
   set held_until = null
 where connection_id = %(connection)s and tries = 0 and held_until is not null
