-- Increments of these entities are due now.
update headwater.sync_config
   set due_at = least(coalesce(due_at, %(now)s), %(now)s)
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = any (%(entities)s) and enabled
