-- Stored rows of these records, typed and normalised, for comparing them with the source.
select t.{key}, to_jsonb(t)::text, to_jsonb(n)::text
  from {typed} as t
  left join {normal} as n
    on n.tenant_id = t.tenant_id and n.connection_id = t.connection_id and n.{id} = t.{key}{n_part}
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = any (%(ids)s)
