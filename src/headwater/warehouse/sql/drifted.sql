-- Which columns of the stored rows are not what storing these records again would make of them; `fixed` are
-- columns that are the same in every row.
select s.id, d.key, d.stored::text, d.expected::text
  from {staged} as s
  join {table} as t
    on t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = s.id{t_part}
 cross join lateral
       (select key, old.value as stored, new.value as expected
          from jsonb_each(to_jsonb(t)) as old
          join jsonb_each(to_jsonb(s) || %(fixed)s::jsonb) as new using (key)
         where old.value is distinct from new.value) as d
 where d.key <> 'version'
 order by s.id, d.key
