-- Who works.
select id, host, pid, slots, started_at, seen_at, memory_bytes, cpu_seconds
  from headwater.workers
 order by id
