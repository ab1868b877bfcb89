-- A page into its typed table. Newer wins.
insert into {typed} as t
       (tenant_id, connection_id, {key}, {columns}, _began, _version, _synced_at)
select %(tenant)s, %(connection)s, id, {columns}, %(began)s, version, %(now)s
  from {staged}
 order by id
on conflict (tenant_id, connection_id, {key}) do update
   set {sets}, _began = excluded._began, _version = excluded._version, _synced_at = excluded._synced_at
 where t._began < excluded._began
