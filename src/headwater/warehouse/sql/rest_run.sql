-- A run waits for its next slice.
update headwater.sync_logs
   set rests_at = %(now)s, notes = %(notes)s::jsonb
 where tenant_id = %(tenant)s and connection_id = %(connection)s and id = %(run)s
