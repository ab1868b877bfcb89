-- Workers that hold the lock of their number: they live.
select w.id, w.host, w.pid, w.slots, w.started_at, w.seen_at, w.memory_bytes, w.cpu_seconds
  from headwater.workers as w
  join pg_locks as l
    on l.locktype = 'advisory' and l.granted and l.objsubid = 1
   and l.database = (select oid from pg_database where datname = current_database())
   and (l.classid::bigint << 32) + l.objid::bigint = %(corner)s + w.id
 order by w.id
