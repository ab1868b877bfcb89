-- How many workers live, how much work waits for its time or is under way, how much is due. A worker lives who holds
-- the lock of his number.
select (select count(*)
          from headwater.workers as w
          join pg_locks as l
            on l.locktype = 'advisory' and l.granted and l.objsubid = 1
           and l.database = (select oid from pg_database where datname = current_database())
           and (l.classid::bigint << 32) + l.objid::bigint = %(corner)s + w.id) as workers,
       count(*) filter (where due_at is not null or taken_by is not null) as jobs,
       count(*) filter (where due_at <= %(now)s or taken_by is not null) as due
  from headwater.jobs
