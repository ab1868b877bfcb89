-- The next ids, of records and of documents, of an entity of a connection.
(select r.external_id as id
   from headwater.searchable as r
  where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.entity = %(entity)s
    and r.external_id > %(after)s
  order by r.external_id
  limit %(size)s)
 union
(select s.external_id
   from headwater.search as s
  where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and s.entity = %(entity)s
    and s.external_id > %(after)s
  order by s.external_id
  limit %(size)s)
 order by id
 limit %(size)s
