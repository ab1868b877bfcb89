-- They are, all of them.
delete from headwater.search_fills
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
