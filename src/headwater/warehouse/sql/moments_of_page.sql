-- When the deals that a page changes were created and closed, before and after it. What changed of a deal beside that by
-- which it is counted does not count.
with fresh as (
    select id, created_at, closed_at, pipeline, stage, assigned_to, won, currency, value
      from {staged}
), stored as (
    select {id} as id, created_at, closed_at, pipeline, stage, assigned_to, won, currency, value
      from {normal}
     where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(changed)s)
)
select either.entity, s.connection_id, either.moment, s.zone
  from headwater.rolled as s
 cross join fresh
  left join stored using (id)
 cross join lateral (values ('deals_created', fresh.created_at), ('deals_created', stored.created_at),
                            ('deals_closed', fresh.closed_at), ('deals_closed', stored.closed_at))
       as either (entity, moment)
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
   and (fresh.created_at, fresh.closed_at, fresh.pipeline, fresh.stage, fresh.assigned_to, fresh.won, fresh.currency,
        fresh.value)
       is distinct from
       (stored.created_at, stored.closed_at, stored.pipeline, stored.stage, stored.assigned_to, stored.won,
        stored.currency, stored.value)
