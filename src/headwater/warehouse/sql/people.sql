-- The people of a tenant, the oldest first; only one of them, where a number says so.
select id, email, name, role, own, password is not null as entered, issuer, created_at, disabled_at, last_seen_at
  from headwater.people
 where tenant_id = %(tenant)s and id = coalesce(%(id)s, id)
 order by id
