-- A worker lives.
update headwater.workers
   set seen_at = %(now)s
 where id = %(worker)s
returning id
