-- Who works.
select id, host, pid, slots, started_at, seen_at
  from headwater.workers
 order by id
