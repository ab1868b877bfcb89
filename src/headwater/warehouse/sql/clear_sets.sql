-- Takes the sets of these records away, to be replaced.
delete from {table}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {owner} = any (%(ids)s){part}
