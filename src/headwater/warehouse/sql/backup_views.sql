-- Every view of the database, which a copy of it reads, too.
select n.nspname::text as schema, c.relname::text as name
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
 where c.relkind = 'v' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
 order by n.nspname, c.relname
