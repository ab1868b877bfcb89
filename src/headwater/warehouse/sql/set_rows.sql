-- The stored sets of these records, each as a JSON list in its order.
select {owner}, jsonb_agg(to_jsonb(t) - '{{tenant_id,connection_id,began}}'::text[] order by place)::text
  from {table} as t
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {owner} = any (%(ids)s){part}
 group by {owner}
