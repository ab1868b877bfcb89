-- They are, up to this id.
update headwater.search_fills
   set after = %(after)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
