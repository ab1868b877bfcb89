select {field} as field, count(*) as records, count(distinct p.{column}) as different, min(p.id) as example
  from picked as p
 where p.{column} is not null
   and not exists (select
                     from {target} as t
                    where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s
                      and t.{target_key} = p.{column}{part})
