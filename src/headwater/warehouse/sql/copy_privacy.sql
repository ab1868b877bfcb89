-- The settings of entities repeat the mode of their connection.
update headwater.sync_config
   set privacy = %(mode)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and privacy <> %(mode)s
