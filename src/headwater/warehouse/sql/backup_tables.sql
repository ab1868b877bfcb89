-- Every table whose rows a copy of the database holds, the largest first; those of extensions come with them.
select n.nspname::text as schema, c.relname::text as name
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not exists (select from pg_depend as d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by pg_table_size(c.oid) desc, n.nspname, c.relname
