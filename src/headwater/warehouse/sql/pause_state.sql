-- An entity may not be read: it waits, and says why.
insert into headwater.sync_state (tenant_id, connection_id, entity_type, status, error_message)
values (%(tenant)s, %(connection)s, %(entity)s, 'paused', %(reason)s)
on conflict (tenant_id, connection_id, entity_type) do update
   set status = 'paused', error_message = excluded.error_message
