-- The keys of a tenant's programs, the oldest first.
select id, name, hint, scopes, own, made_by, created_at, expires_at, last_used_at, revoked_at
  from headwater.keys
 where tenant_id = %(tenant)s and kind = 'key'
 order by id
