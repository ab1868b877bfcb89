-- A worker begins.
insert into headwater.workers (host, pid, slots, started_at, seen_at)
values (%(host)s, %(pid)s, %(slots)s, %(now)s, %(now)s)
returning id
