-- What a connection shall not sync.
select entity_type
  from headwater.sync_config
 where tenant_id = %(tenant)s and connection_id = %(connection)s and not enabled
