-- Takes records out of the failed queue that are stored now.
delete from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and key = any (%(ids)s)
