-- Managers by the deals they closed in a period, compared fairly; the best first, those of few deals last.
select l.slug as connection, r.*
  from public.manager_ranking(%(since)s::timestamptz, %(until)s::timestamptz) as r
  join headwater.connections as l on l.tenant_id = r.tenant_id and l.id = r.connection_id
 where r.tenant_id = %(tenant)s and (%(connection)s::bigint is null or r.connection_id = %(connection)s)
 order by l.slug, r.place nulls last, r.closed desc, r.assigned_to
