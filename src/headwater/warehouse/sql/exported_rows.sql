-- A tenant's rows of a table, each as a JSON text.
select (to_jsonb(t) - %(kept_back)s::text[])::text
  from {table} as t
 where t.tenant_id = %(tenant)s
