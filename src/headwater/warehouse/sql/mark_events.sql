-- What these events tell of is stored, or it is known why not.
update headwater.inbox as i
   set applied_at = %(now)s, outcome = one.outcome
  from unnest(%(ids)s::bigint[], %(outcomes)s::text[]) as one (id, outcome)
 where i.tenant_id = %(tenant)s and i.connection_id = %(connection)s and i.applied_at is null and i.id = one.id
