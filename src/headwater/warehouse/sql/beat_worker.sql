-- A worker lives, and says what it costs.
update headwater.workers
   set seen_at = %(now)s, memory_bytes = %(memory)s, cpu_seconds = %(cpu)s
 where id = %(worker)s
returning id
