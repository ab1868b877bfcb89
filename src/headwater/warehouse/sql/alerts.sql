-- Alerts that a tenant may see, his own and those of the house, the newest first; with `open` only those that last.
select id, tenant_id as tenant, connection_id as connection, kind, facts, since, seen_at, opened_at, told_at,
       clear_since, closed_at
  from headwater.alerts
 where (tenant_id = %(tenant)s or tenant_id is null)
   and opened_at is not null and (closed_at is null or not %(open)s)
 order by closed_at is not null, opened_at desc, id desc
 limit %(limit)s
