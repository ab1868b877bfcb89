-- Records whose stored sets are not what storing these sets again would make of them, with both.
select asked.id, coalesce(here.rows, '[]')::text, coalesce(there.rows, '[]')::text
  from unnest(%(ids)s::text[]) as asked (id)
  left join (select {owner} as id,
                    jsonb_agg(to_jsonb(t) - '{{tenant_id,connection_id,began}}'::text[] - {set}::text[]
                              order by place) as rows
               from {table} as t
              where tenant_id = %(tenant)s and connection_id = %(connection)s
                and {owner} = any (%(ids)s){part}
              group by {owner}) as here using (id)
  left join (select id, jsonb_agg(to_jsonb(s) - '{{id,version}}'::text[] order by place) as rows
               from {staged} as s
              group by id) as there using (id)
 where coalesce(here.rows, '[]') is distinct from coalesce(there.rows, '[]')
