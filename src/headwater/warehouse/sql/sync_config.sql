-- The settings of a connection's entities, and of what belongs to their records.
select entity_type as entity, enabled, sync_interval_minutes as interval_minutes, webhook_enabled, due_at, last_sync_at
  from headwater.sync_config
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by entity_type
