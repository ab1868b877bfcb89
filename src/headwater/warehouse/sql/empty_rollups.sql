-- What was counted of these days goes.
delete from headwater.rollups
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and day = any (%(days)s)
