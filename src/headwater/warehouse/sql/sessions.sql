-- Where a person is inside just now, the newest first.
select id, created_at, expires_at, last_used_at
  from headwater.keys
 where tenant_id = %(tenant)s and person = %(person)s and kind = 'session' and revoked_at is null
   and expires_at > %(now)s
 order by id desc
