-- Forgets what an earlier reconciliation read.
delete from headwater.pairs
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
