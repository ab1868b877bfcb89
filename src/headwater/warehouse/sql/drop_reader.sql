-- Lets an SQL login belong to nobody.
delete from headwater.role_tenants
 where role_name::text = %(name)s
