-- Nothing that is not kept is here any more.
update headwater.connections
   set erasing = false
 where tenant_id = %(tenant)s and id = %(connection)s
