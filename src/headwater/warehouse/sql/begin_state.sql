-- An entity is being read now.
insert into headwater.sync_state as s
       (tenant_id, connection_id, entity_type, status, cursor, source_records)
values (%(tenant)s, %(connection)s, %(entity)s, 'syncing', %(cursor)s::jsonb, %(source_records)s)
on conflict (tenant_id, connection_id, entity_type) do update
   set status = 'syncing', cursor = excluded.cursor, error_message = null,
       source_records = coalesce(excluded.source_records, s.source_records),
       synced_records = case when %(fresh)s then 0 else s.synced_records end
