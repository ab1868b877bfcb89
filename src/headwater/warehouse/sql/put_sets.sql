-- The sets of these records, as they were read.
insert into {table} (tenant_id, connection_id, {scope}{owner}, place, {columns}, began)
select %(tenant)s, %(connection)s, {scoped}id, place, {columns}, %(began)s
  from {staged}
 where id = any (%(ids)s)
 order by id, place
