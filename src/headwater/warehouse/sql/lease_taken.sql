-- Whether some process holds a connection just now, by the lock of its number.
select exists (select
                 from pg_locks
                where locktype = 'advisory' and objsubid = 1 and granted
                  and database = (select oid from pg_database where datname = current_database())
                  and classid::bigint << 32 | objid::bigint = %(lock)s::bigint) as taken
