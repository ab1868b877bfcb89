-- Deletes a stretch of a tenant's rows.
delete from {table}
 where ctid = any (array(select t.ctid from {table} as t where t.tenant_id = %(tenant)s{part} limit %(size)s))
