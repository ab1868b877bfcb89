-- Work failed: it is due again later, with the reason; at once if a person wished for it meanwhile, which took away
-- that it is held.
update headwater.jobs
   set due_at = case when held_until is null then %(now)s else %(until)s end,
       held_until = case when held_until is null then null else %(until)s::timestamptz end,
       failed_at = %(now)s, failing_since = coalesce(failing_since, %(now)s),
       tries = tries + 1, error = %(error)s, error_kind = %(error_kind)s,
       taken = null, taken_by = null, taken_at = null
 where connection_id = %(connection)s and kind = %(kind)s and taken_by = %(worker)s
returning kind
