-- What the source says of the sets of these records is kept aside: they are not due.
update headwater.child_sets
   set due = touched > %(began)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
