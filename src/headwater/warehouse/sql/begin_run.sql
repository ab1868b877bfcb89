-- Opens a run in the log.
insert into headwater.sync_logs (tenant_id, connection_id, entity_type, sync_type, started_at)
values (%(tenant)s, %(connection)s, %(entity)s, %(sync_type)s, %(now)s)
returning id
