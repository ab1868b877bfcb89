-- Failed records whose time has come, the longest waiting first: 5 minutes after the last try, doubled with every
-- try up to a day; at once when the entity got a column since, and when they were never tried.
select f.external_id
  from headwater.failed as f
 where f.tenant_id = %(tenant)s and f.connection_id = %(connection)s and f.entity = %(entity)s
   and f.external_id is not null
   and (f.last_at + least(interval '5 minutes' * power(2, least(f.tries, 12) - 1), interval '1 day') <= %(now)s
        or f.tries = 0
        or f.last_at < (select max(c.added_at)
                          from headwater.typed_columns as c
                         where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
                           and c.entity = %(entity)s))
 order by f.last_at, f.id
 limit %(limit)s
