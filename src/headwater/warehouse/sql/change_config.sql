-- Settings of an entity change (null: stay); it is due when its interval says so now.
update headwater.sync_config
   set enabled = coalesce(%(enabled)s, enabled),
       sync_interval_minutes = coalesce(%(minutes)s, sync_interval_minutes),
       webhook_enabled = coalesce(%(webhooks)s, webhook_enabled),
       due_at = greatest(last_sync_at + make_interval(mins => coalesce(%(minutes)s, sync_interval_minutes)), %(now)s)
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
returning entity_type as entity, enabled, sync_interval_minutes as interval_minutes, webhook_enabled, due_at, last_sync_at
