-- The erasures of a tenant, the newest first.
select id, status, dry_run, asked_by, asked_at, begun_at, ended_at, lifted_at, sealed, found, counts, certificate, error
  from headwater.erasures
 where tenant_id = %(tenant)s and (%(before)s::bigint is null or id < %(before)s)
 order by id desc
 limit %(limit)s
