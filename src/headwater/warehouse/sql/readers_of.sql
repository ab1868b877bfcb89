-- The SQL logins of a tenant.
select role_name::text
  from headwater.role_tenants
 where tenant_id = %(tenant)s and exists (select from pg_roles where rolname = role_name)
