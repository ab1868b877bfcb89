-- Work failed: it is due again later, with the reason.
update headwater.jobs
   set due_at = %(until)s, held_until = %(until)s, failed_at = %(now)s,
       tries = tries + 1, error = %(error)s,
       taken = null, taken_by = null, taken_at = null
 where connection_id = %(connection)s and kind = %(kind)s and taken_by = %(worker)s
returning kind
