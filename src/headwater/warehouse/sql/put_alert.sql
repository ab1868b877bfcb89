-- Something is wrong that was not a moment ago.
insert into headwater.alerts (tenant_id, connection_id, kind, facts, since, seen_at, opened_at, told_at)
values (%(tenant)s, %(connection)s, %(kind)s, %(facts)s::jsonb, %(since)s, %(seen_at)s, %(opened_at)s, %(told_at)s)
returning id
