-- These events could not be applied now: they wait, and it is counted.
update headwater.inbox
   set tries = tries + 1, outcome = %(reason)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and applied_at is null and id = any (%(ids)s)
