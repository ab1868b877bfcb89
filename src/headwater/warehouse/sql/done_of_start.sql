-- Entities that were done whole for what somebody asked for.
select distinct l.entity_type as entity
  from headwater.starts as t
  join headwater.sync_logs as l
    on l.tenant_id = t.tenant_id and l.connection_id = t.connection_id and l.id = any(t.runs)
 where t.tenant_id = %(tenant)s and t.id = %(id)s
   and l.status = 'completed' and l.sync_type = t.sync_type
