-- Sessions, codes and invitations of a person are over: one, or all but one.
update headwater.keys
   set revoked_at = %(now)s
 where tenant_id = %(tenant)s and person = %(person)s and revoked_at is null
   and id = coalesce(%(only)s, id) and id is distinct from %(but)s
returning id, kind
