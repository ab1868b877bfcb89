-- These sets are read again, since more of them is kept from now on.
update headwater.child_sets
   set version = '', due = true
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = any (%(slugs)s)
