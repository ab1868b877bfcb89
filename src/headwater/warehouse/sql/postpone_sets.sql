-- The source says nothing of these records now. Their sets stay due, behind all others; the last asked comes last.
update headwater.child_sets
   set touched = -%(began)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
