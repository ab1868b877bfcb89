-- One erasure: how it stands, and its certificate.
select id, status, dry_run, asked_by, asked_at, begun_at, ended_at, lifted_at, sealed, found, counts, certificate, error
  from headwater.erasures
 where tenant_id = %(tenant)s and id = %(id)s
