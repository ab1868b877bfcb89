-- Rows of other tenants in which somebody may be named.
select t::text
  from {table} as t
 where t.tenant_id <> %(tenant)s and t::text ~ %(pattern)s
 limit 100
