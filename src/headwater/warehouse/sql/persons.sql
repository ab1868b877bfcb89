-- The people of all tenants with this address, or whom this issuer means by this subject.
select tenant_id as tenant, tenant as slug, id, email, role, own, password, issuer, subject, disabled_at, last_seen_at
  from headwater.persons(%(email)s, %(issuer)s, %(subject)s)
