-- Every table in which rows of a tenant may be, partitions one by one: its schema and name, whether its rows say whose
-- they are and of which connection, its columns, its key, and those of its columns that hold text, each with its type and whether it may
-- be null, but for its key.
select n.nspname as schema, c.relname as name,
       coalesce(bool_or(a.attname = 'tenant_id'), false) as tenanted,
       coalesce(bool_or(a.attname = 'connection_id'), false) as connected,
       array_agg(a.attname order by a.attnum) as columns,
       coalesce(array_agg(a.attname order by array_position(k.conkey, a.attnum)) filter (where k.conkey is not null),
                '{}') as keys,
       coalesce(jsonb_object_agg(a.attname, jsonb_build_array(t.typname, not a.attnotnull))
                filter (where t.typname in ('text', 'varchar', 'json', 'jsonb', '_text') and k.conkey is null),
                '{}') as texts
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type as t on t.oid = a.atttypid
  left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'p' and a.attnum = any (k.conkey)
 where c.relkind = 'r' and (n.nspname in ('headwater', 'public', 'shop', 'cons', 'sys') or n.nspname = any (%(schemas)s))
 group by n.nspname, c.relname
 order by n.nspname, c.relname
