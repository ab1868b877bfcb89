-- Entities of which events are not heeded.
select entity_type
  from headwater.sync_config
 where tenant_id = %(tenant)s and connection_id = %(connection)s and not (enabled and webhook_enabled)
