-- Every name under which something of a connection is kept: entities, and sets that belong to their records.
select entity from headwater.typed_columns where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select entity from headwater.history where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select entity from headwater.gone where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select entity from headwater.failed where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select entity_type from headwater.sync_logs where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select entity from headwater.certificates where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by entity
