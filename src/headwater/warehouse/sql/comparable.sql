-- Entities that were read whole once, are switched on and may be read.
select s.entity_type as entity
  from headwater.sync_state as s
  left join headwater.sync_config as c using (tenant_id, connection_id, entity_type)
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
   and s.status <> 'paused' and s.cursor ->> 'until' is not null and coalesce(c.enabled, true)
 order by s.entity_type
