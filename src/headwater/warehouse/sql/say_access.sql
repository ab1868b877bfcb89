-- Somebody looked at data, took it along, or did away with it.
insert into headwater.data_access_logs (tenant_id, accessed_by, action, entity, record_count, created_at)
values (%(tenant)s, %(by)s, %(action)s, %(entity)s, %(count)s, %(now)s)
