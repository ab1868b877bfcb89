-- Binds an SQL login to a tenant; a row that an earlier login of that name left is taken over.
insert into headwater.role_tenants (role_name, tenant_id, scope, people)
select %(name)s, id, %(scope)s, %(people)s::jsonb
  from headwater.tenants
 where id = %(tenant)s
    on conflict (role_name) do update
   set tenant_id = excluded.tenant_id, scope = excluded.scope, people = excluded.people, created_at = now()
