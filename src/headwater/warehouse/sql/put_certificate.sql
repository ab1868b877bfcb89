-- Keeps what a reconciliation found.
insert into headwater.certificates (tenant_id, connection_id, entity, run_id, issued_at, verdict, body)
values (%(tenant)s, %(connection)s, %(entity)s, %(run)s, %(now)s, %(verdict)s, %(body)s::jsonb)
returning id
