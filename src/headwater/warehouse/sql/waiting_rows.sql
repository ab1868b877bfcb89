-- The next rows that wait for a column, in order of their ids. Those in the failed queue are left out: they have
-- their own times.
select t.{key}
  from {typed} as t
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} > %(after)s
   and ({waits})
   and not exists (select
                     from headwater.failed as f
                    where f.tenant_id = t.tenant_id and f.connection_id = t.connection_id
                      and f.entity = %(entity)s and f.key = t.{key})
 order by t.{key}
 limit %(limit)s
