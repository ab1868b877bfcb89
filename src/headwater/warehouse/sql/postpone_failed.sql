-- These were tried again, and it led nowhere.
update headwater.failed
   set tries = tries + 1, last_at = %(now)s, run_id = %(run)s, reason = %(reason)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and key = any (%(keys)s)
