-- Whether this login may create databases and sees every row in them.
select rolsuper or (rolcreatedb and rolbypassrls)
  from pg_roles
 where rolname = current_user
