-- Whole rows of these records, before they are written over.
select {key}, to_jsonb(t)::text
  from {typed} as t
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {key} = any (%(ids)s)
