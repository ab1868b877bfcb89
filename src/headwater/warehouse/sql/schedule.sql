-- When the entities of a connection are due. What belongs to records has settings too, and no state: it comes with them.
select c.entity_type as name, c.sync_interval_minutes as minutes, c.due_at
  from headwater.sync_config as c
  join headwater.sync_state as s using (tenant_id, connection_id, entity_type)
 where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s and c.enabled
 order by c.entity_type
