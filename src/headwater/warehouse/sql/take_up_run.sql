-- A run that rests goes on.
update headwater.sync_logs
   set rests_at = null
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and id = (select max(id)
               from headwater.sync_logs
              where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
                and sync_type = %(sync_type)s and status = 'running' and rests_at is not null)
returning id, notes
