-- The run that tells most of each entity of what somebody asked for, with how far the entity is.
select distinct on (l.entity_type)
       l.entity_type as entity, l.sync_type, l.status, l.records_processed as processed, l.created, l.updated,
       l.deleted, l.failed, l.error_message as error, coalesce(s.synced_records, 0) as synced,
       s.source_records as total
  from headwater.starts as t
  join headwater.sync_logs as l
    on l.tenant_id = t.tenant_id and l.connection_id = t.connection_id
   and l.started_at >= t.begun_at and (t.ended_at is null or l.started_at <= t.ended_at)
   and (t.entities is null or l.entity_type = any (t.entities))
  left join headwater.sync_state as s
    on s.tenant_id = l.tenant_id and s.connection_id = l.connection_id and s.entity_type = l.entity_type
 where t.tenant_id = %(tenant)s and t.id = %(id)s
 order by l.entity_type, (l.sync_type = t.sync_type) desc, l.id desc
