-- Whether a role may do what no login for BI tools may.
select
  from pg_roles
 where rolname = %(name)s and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
