-- Nothing is done for a connection by itself from now on; or again, when no time is given.
update headwater.connections
   set paused_at = case when %(now)s::timestamptz is not null then coalesce(paused_at, %(now)s) end,
       paused_reason = %(reason)s
 where tenant_id = %(tenant)s and id = %(connection)s
returning id
