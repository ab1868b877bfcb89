-- Typed rows, each as an object, with the fields that have no column of their own.
select to_jsonb(t) || coalesce(t._more, '{{}}')
  from {typed} as t
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = any (%(ids)s)
