-- What may be wrong with a database, besides not answering: rights, row security, settings, schemas nobody knows.
select array(select r.rolname::text
               from (values ('hw_owner'), ('hw_app'), ('hw_fix'), ('hw_reader'), ('hw_query')) as wanted (name)
               join pg_roles as r on r.rolname = wanted.name) as roles,
       exists (select from pg_roles where rolname = 'hw_owner' and (rolsuper or rolbypassrls)) as owner_unbound,
       coalesce(pg_has_role('hw_app', 'hw_owner', 'member'), false) as app_may_alter,
       exists (select from pg_roles where rolname = 'hw_app' and (rolsuper or rolbypassrls or rolinherit)) as app_unbound,
       array(select c.oid::regclass::text
               from pg_class as c
               join pg_namespace as n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p') and c.relowner = 'hw_owner'::regrole
                and not (c.relrowsecurity
                         and (c.relforcerowsecurity  -- these are read past it by search(…), which keeps tenants apart itself
                              or c.relname in ('search', 'search_words', 'search_spellings')))
                and exists (select from pg_policy where polrelid = c.oid and polname = 'hw_tenant')
              order by 1) as unsecured,
       array(select c.oid::regclass::text
               from pg_class as c
               join pg_namespace as n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p') and n.nspname in ('headwater', 'public') and not c.relispartition
                and c.relowner = 'hw_owner'::regrole
                and exists (select from pg_policy where polrelid = c.oid and polname = 'hw_tenant')
                and not (has_table_privilege('hw_app', c.oid, 'select') and has_table_privilege('hw_app', c.oid, 'insert')
                         and has_table_privilege('hw_app', c.oid, 'update')
                         and has_table_privilege('hw_app', c.oid, 'delete'))
              order by 1) as ungranted,
       array(select c.oid::regclass::text
               from pg_class as c
               join pg_namespace as n on n.oid = c.relnamespace
               join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
              where c.relkind in ('r', 'p') and c.relowner = 'hw_owner'::regrole
                and c.relname not in ('role_tenants', 'jobs', 'alerts')
                and not exists (select from pg_policy where polrelid = c.oid and polname = 'hw_tenant')
              order by 1) as unpoliced,
       array(select s.name || ' = ' || s.setting
               from pg_settings as s
              where (s.name in ('fsync', 'full_page_writes', 'autovacuum', 'track_counts') and s.setting = 'off')
                 or (s.name = 'zero_damaged_pages' and s.setting = 'on')
              order by 1) as settings,
       current_setting('max_connections')::integer as connections,
       array(select n.nspname::text
               from pg_namespace as n
              where n.nspowner = 'hw_owner'::regrole and n.nspname not in ('headwater', 'public')
              order by 1) as schemas,
       coalesce((select extract(epoch from clock_timestamp() - min(prepared)) from pg_prepared_xacts), 0)::double precision
           as prepared_seconds
