-- A page is stored: where to go on, and how much there is now.
update headwater.sync_state
   set cursor = %(cursor)s::jsonb,
       total_records = total_records + %(created)s - %(deleted)s,
       synced_records = synced_records + %(synced)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
