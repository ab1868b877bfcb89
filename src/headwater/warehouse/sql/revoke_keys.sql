-- Keys of that name or number are worth nothing from now on, and no session that was opened with them.
update headwater.keys
   set revoked_at = %(now)s
 where tenant_id = %(tenant)s and kind = 'key' and revoked_at is null
   and (name = %(name)s or id = %(number)s)
returning id, name, hint, scopes, own, made_by, created_at, expires_at, last_used_at, revoked_at
