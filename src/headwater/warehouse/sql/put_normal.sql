-- A page into its table of the BI contract. Newer wins.
insert into {normal} as t
       (tenant_id, connection_id, {id}, crm_source, {columns}, began, version, synced_at)
select %(tenant)s, %(connection)s, id, %(source)s, {columns}, %(began)s, version, %(now)s
  from {staged}
 order by id
on conflict (tenant_id, connection_id, {keys}) do update
   set crm_source = excluded.crm_source, {sets}, began = excluded.began, version = excluded.version,
       synced_at = excluded.synced_at
 where t.began < excluded.began
