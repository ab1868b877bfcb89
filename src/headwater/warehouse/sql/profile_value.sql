-- What records hold in a field now, by their ids.
select r.{key} as id, substr({value}, 1, 120) as value
  from {table} as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.{key} = any (%(ids)s)
