-- A connection's credentials go, and nothing is done for it until somebody connects it again.
update headwater.connections
   set credentials = '', settings = settings - 'proxy', disconnected_at = coalesce(disconnected_at, %(now)s),
       paused_at = coalesce(paused_at, %(now)s), paused_reason = %(reason)s
 where tenant_id = %(tenant)s and id = %(connection)s
