-- Whether nothing is done for a connection by itself.
select paused_at is not null as paused, paused_reason as reason
  from headwater.connections
 where tenant_id = %(tenant)s and id = %(connection)s
