-- No key, session or code of a tenant opens anything any more.
update headwater.keys
   set revoked_at = %(now)s
 where tenant_id = %(tenant)s and revoked_at is null
