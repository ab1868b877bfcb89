-- Normalised rows, each as an object.
select to_jsonb(t)
  from {normal} as t
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{id} = any (%(ids)s)
