-- Connections that were paused for this reason live again.
update headwater.connections
   set paused_at = null, paused_reason = null
 where tenant_id = %(tenant)s and paused_reason = %(reason)s
returning id
