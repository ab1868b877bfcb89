-- Every id stored for an entity, in either table.
select {key}
  from {typed}
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 union
select {id}
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s{part}
