-- Of these records, those whose last change an earlier answer brought.
select external_id
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s) and touched <= %(began)s
