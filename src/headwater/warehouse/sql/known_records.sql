-- What is stored of these records: read number and content hash.
select {id}, began, version
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(ids)s){part}
