-- What is stored of these sets is not trusted: they are due, and no content equals it.
update headwater.child_sets
   set version = '', due = true
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
