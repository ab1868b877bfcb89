-- Takes what is not kept out of the sets of records; says whose held any of it.
update {table} as t
   set {emptied}
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and {those}
   and ({filled})
returning t.{key}
