-- Columns of tenants' tables of whose common values the planner may remember somebody.
select n.nspname, c.relname, s::text
  from pg_statistic as s
  join pg_class as c on c.oid = s.starelid
  join pg_namespace as n on n.oid = c.relnamespace
 where s::text ~ %(pattern)s
   and exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id')
