-- Takes what is not kept out of the sets of a stretch of records; says whose held any of it.
update {table} as t
   set {emptied}
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} > %(after)s
   and (%(upto)s::text is null or t.{key} <= %(upto)s)
   and ({filled})
returning t.{key}
