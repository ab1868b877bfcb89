-- These records were read again and are the same.
update {typed}
   set _began = %(began)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {key} = any (%(ids)s)
   and _began < %(began)s
