-- The encrypted passwords of the roles that have one.
select rolname::text, rolpassword
  from pg_authid
 where rolpassword is not null and not rolsuper
