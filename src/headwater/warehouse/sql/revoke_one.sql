-- A code was used, or a session was left: of several who try at once, one gets its row.
update headwater.keys
   set revoked_at = %(now)s
 where tenant_id = %(tenant)s and id = %(id)s and revoked_at is null
returning id
