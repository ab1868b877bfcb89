-- Sessions, codes and invitations that cannot be used any more are no record of anything.
delete from headwater.keys
 where tenant_id = %(tenant)s and kind <> 'key' and (expires_at <= %(now)s or revoked_at <= %(now)s)
