-- What is stored of these records is not trusted: no version equals that of a record.
update {normal}
   set version = ''
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(ids)s){part}
