-- The SQL logins of all tenants.
select r.role_name::text as name, coalesce(t.slug, r.tenant_id::text) as tenant, r.scope, r.people,
       coalesce(p.rolcanlogin, false) as usable,
       (select split_part(one, '=', 2) from unnest(p.rolconfig) as one
         where starts_with(one, 'statement_timeout=')) as statement_timeout,
       p.rolconnlimit as connection_limit, r.created_at
  from headwater.role_tenants as r
  left join headwater.tenants as t on t.id = r.tenant_id
  left join pg_roles as p on p.rolname = r.role_name
 order by tenant, name
