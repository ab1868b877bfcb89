-- The same for the typed rows, so that both tables agree.
update {typed}
   set _version = ''
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {key} = any (%(ids)s)
