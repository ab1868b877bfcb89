-- Throws away the log of runs that ended long ago.
delete from headwater.sync_logs
 where tenant_id = %(tenant)s and connection_id = %(connection)s and started_at < %(before)s and status <> 'running'
