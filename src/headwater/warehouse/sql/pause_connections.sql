-- Nothing is done for any connection of a tenant by itself any more; those that are paused already stay so.
update headwater.connections
   set paused_at = %(now)s, paused_reason = %(reason)s
 where tenant_id = %(tenant)s and paused_at is null
