-- Every set of these kinds is read again: more of it is kept from now on, or what was said of it is doubted.
update headwater.child_sets
   set version = '', due = true
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = any (%(slugs)s)
