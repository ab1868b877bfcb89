-- Work is done. What was wished for meanwhile is due at once, behind what waits by now, otherwise it is due at its next time.
update headwater.jobs
   set due_at = case when wanted > taken then %(now)s else %(due_at)s::timestamptz end,
       payload = jsonb_strip_nulls(payload || %(payload)s::jsonb),
       taken = null, taken_by = null, taken_at = null,
       tries = 0, error = null, error_kind = null, held_until = null, failed_at = null, failing_since = null, done_at = %(now)s
 where connection_id = %(connection)s and kind = %(kind)s and taken_by = %(worker)s
