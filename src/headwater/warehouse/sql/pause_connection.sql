-- Nothing is done for a connection by itself any more.
update headwater.connections
   set paused_at = coalesce(paused_at, %(now)s), paused_reason = %(reason)s
 where tenant_id = %(tenant)s and id = %(connection)s
