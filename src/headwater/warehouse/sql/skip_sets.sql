-- These records have no set to read now: they are gone, hidden, or what the source says of them is kept aside.
update headwater.child_sets
   set due = touched > %(began)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
