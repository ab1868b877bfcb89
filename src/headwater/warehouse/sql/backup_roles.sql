-- Every role that owns something in this database, may do something in it, or is a BI login of it, but those that
-- every database of ours has. Roles belong to the server and are in no copy of a database.
select r.rolname::text as name, r.rolcanlogin as login, r.rolconnlimit as connection_limit,
       coalesce(r.rolconfig, '{}') as settings,
       exists (select
                 from pg_auth_members as m
                 join pg_roles as g on g.oid = m.roleid
                where m.member = r.oid and g.rolname = 'hw_reader') as reader
  from pg_roles as r
 where r.rolname !~ '^(hw|pg)_' and r.rolname <> 'postgres'
   and (exists (select
                  from pg_shdepend as d
                 where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                   and d.dbid = (select oid from pg_database where datname = current_database()))
        or exists (select from headwater.role_tenants as t where t.role_name = r.rolname))
 order by r.rolname
