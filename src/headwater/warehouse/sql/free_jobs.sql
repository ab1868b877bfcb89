-- Work of workers that live no more is nobody's, and as due as it was. Their lock tells who lives: a worker takes it
-- before others see his number, so that a number that is seen and not locked is dead for good.
with living as (
    select ((l.classid::bigint << 32) | l.objid::bigint) - %(corner)s as id
      from pg_locks as l
     where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
), dead as (
    select id from headwater.workers where id not in (select id from living)
), theirs as (
    select j.connection_id, j.kind
      from headwater.jobs as j
     where j.taken_by in (select id from dead)
       for update skip locked
)
update headwater.jobs as j
   set taken = null, taken_by = null, taken_at = null, due_at = least(j.due_at, %(now)s)
  from theirs
 where j.connection_id = theirs.connection_id and j.kind = theirs.kind
returning j.connection_id as connection, j.kind
