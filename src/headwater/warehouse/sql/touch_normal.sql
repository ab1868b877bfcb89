-- These records were read again and are the same.
update {normal}
   set began = %(began)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(ids)s){part}
   and began < %(began)s
