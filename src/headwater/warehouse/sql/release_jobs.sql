-- A worker lets go of what it has not done: it is as due as it was.
update headwater.jobs
   set taken = null, taken_by = null, taken_at = null, due_at = least(due_at, %(now)s)
 where taken_by = %(worker)s
