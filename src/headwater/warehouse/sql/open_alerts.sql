-- What is wrong, or was until a moment ago.
select a.id, a.tenant_id as tenant, a.connection_id as connection, a.kind, a.facts, a.since, a.seen_at, a.opened_at,
       a.told_at, a.clear_since, a.closed_at
  from headwater.alerts as a
 where a.closed_at is null
 order by a.id
