-- The same credentials under another key.
update headwater.connections
   set credentials = %(credentials)s
 where tenant_id = %(tenant)s and id = %(connection)s
