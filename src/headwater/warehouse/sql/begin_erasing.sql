-- Something that is not kept any more is here, and has to be erased before the next read.
update headwater.connections
   set erasing = true
 where tenant_id = %(tenant)s and id = %(connection)s
