-- Full reads under way: how much is here, of how much, and how much of it this run read since when.
select distinct on (l.connection_id, l.entity_type)
       l.connection_id as connection, l.entity_type as entity, greatest(s.synced_records, l.records_processed) as done,
       s.source_records as total, l.records_processed as processed, l.started_at
  from headwater.sync_logs as l
  join headwater.sync_state as s
    on s.tenant_id = l.tenant_id and s.connection_id = l.connection_id and s.entity_type = l.entity_type
 where l.tenant_id = %(tenant)s and l.sync_type = 'full' and l.status = 'running' and s.status = 'syncing'
 order by l.connection_id, l.entity_type, l.id desc
