-- Work that a dead worker holds, and work that a living one holds for long.
with living as (
    select ((l.classid::bigint << 32) | l.objid::bigint) - %(corner)s as id
      from pg_locks as l
     where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
)
select connection_id as connection, kind, taken_by not in (select id from living) as dead
  from headwater.jobs
 where taken_by is not null and (taken_at < %(long)s or taken_by not in (select id from living))
 order by connection_id, kind
