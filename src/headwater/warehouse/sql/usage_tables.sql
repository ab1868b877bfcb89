-- How large the tables are that a tenant has rows in: those of its connections are its own, of the others it has
-- a share. `estimate`: rows of all tenants, as the server last counted them.
select n.nspname as schema, c.relname as name, sum(pg_total_relation_size(part.relid))::bigint as bytes,
       greatest(sum(p.reltuples), 0)::bigint as estimate, o.slug as connection
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  left join headwater.connections as o on o.tenant_id = %(tenant)s and o.slug = n.nspname
 cross join lateral (select coalesce(t.relid, c.oid::regclass) as relid from (select) as one left join pg_partition_tree(c.oid) as t on true) as part
  join pg_class as p on p.oid = part.relid
 where c.relkind in ('r', 'p') and not c.relispartition
   and (o.slug is not null
        or (n.nspname = 'public' and c.relname like 'crm\_%%')
        or (n.nspname = 'headwater' and c.relname = any (%(ours)s)))
 group by n.nspname, c.relname, o.slug
 order by n.nspname, c.relname
