-- What changed in sets that were here before: {{rows: [old, new]}}.
insert into headwater.history
       (tenant_id, connection_id, entity, external_id, seen_at, seen_by, began, run_id, diff)
select %(tenant)s, %(connection)s, %(slug)s, was.id, %(now)s, %(seen_by)s, %(began)s, %(run)s,
       jsonb_build_object('rows', jsonb_build_array(was.rows, coalesce(became.rows, '[]')))
  from unnest(%(ids)s::text[], %(rows)s::jsonb[]) as was (id, rows)
  left join (select {owner} as id,
                    jsonb_agg(to_jsonb(t) - '{{tenant_id,connection_id,began}}'::text[] order by place) as rows
               from {table} as t
              where tenant_id = %(tenant)s and connection_id = %(connection)s
                and {owner} = any (%(ids)s){part}
              group by {owner}) as became using (id)
 where was.rows is distinct from coalesce(became.rows, '[]')
