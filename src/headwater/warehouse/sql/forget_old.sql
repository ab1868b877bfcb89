-- Throws away a tenant's rows that are too old, and over.
delete from {table} as t
 where t.tenant_id = %(tenant)s and t.{moment} < %(before)s{over}
