-- What belonged to records that are gone is kept with their last rows.
update headwater.gone as g
   set last_row = g.last_row || jsonb_build_object(%(slug)s::text, was.rows)
  from (select {owner} as id,
               jsonb_agg(to_jsonb(t) - '{{tenant_id,connection_id,began}}'::text[] order by place) as rows
          from {table} as t
         where tenant_id = %(tenant)s and connection_id = %(connection)s and {owner} = any (%(ids)s){part}
         group by {owner}) as was
 where g.tenant_id = %(tenant)s and g.connection_id = %(connection)s and g.entity = %(entity)s
   and g.external_id = was.id and g.began = %(began)s
