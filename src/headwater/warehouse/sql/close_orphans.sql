-- Closes the runs of an entity that a dead process left open.
update headwater.sync_logs
   set status = 'failed', completed_at = %(now)s,
       error_message = 'the process ended before the run did; the next run went on from its last page'
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
   and status = 'running'
