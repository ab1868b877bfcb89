-- The records of these sets are gone.
delete from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
