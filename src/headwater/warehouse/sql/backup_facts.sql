-- What a copy of the database has to tell about it: where it comes from, how large it is.
select current_setting('server_version') as postgresql, m.version_num as revision, headwater.era() as era,
       pg_database_size(current_database()) as database_bytes,
       (select coalesce(sum(pg_table_size(c.oid)), 0)::bigint from pg_class as c where c.relkind = 'r') as table_bytes
  from headwater.migrations as m
