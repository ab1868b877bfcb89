-- Closes a run in the log; says how long it took.
update headwater.sync_logs
   set status = case when %(error)s::text is null then 'completed' else 'failed' end,
       error_message = %(error)s, notes = %(notes)s::jsonb, completed_at = %(now)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and id = %(run)s
returning extract(epoch from completed_at - started_at)::double precision as seconds
