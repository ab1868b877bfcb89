-- Forgets workers that live no more and whose work is nobody's any more.
with living as (
    select ((l.classid::bigint << 32) | l.objid::bigint) - %(corner)s as id
      from pg_locks as l
     where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
)
delete from headwater.workers as w
 where w.id not in (select id from living)
   and not exists (select from headwater.jobs as j where j.taken_by = w.id)
