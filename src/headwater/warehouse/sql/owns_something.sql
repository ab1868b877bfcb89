-- Whether a role owns anything in any database; large objects, which every login may make, do not count.
select
  from pg_shdepend
 where refclassid = 'pg_authid'::regclass and refobjid = (select oid from pg_roles where rolname = %(name)s)
   and deptype = 'o' and classid <> 'pg_largeobject'::regclass
 limit 1
