-- An entity was brought up to date.
update headwater.sync_config
   set last_sync_at = %(now)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
