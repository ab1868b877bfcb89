-- What the records with these ids are called.
select r.connection_id, r.external_id, r.name
  from {table} as r
 where r.tenant_id = %(tenant)s and r.external_id = any (%(ids)s::text[])
