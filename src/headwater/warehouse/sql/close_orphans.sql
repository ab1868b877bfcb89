-- Closes the runs of an entity that a dead process left open, and those that rest when another reading begins instead.
update headwater.sync_logs
   set status = 'failed', completed_at = %(now)s, rests_at = null,
       error_message = case when rests_at is null
                            then 'the process ended before the run did; the next run went on from its last page'
                            else 'it rested, and another run began in its stead' end
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
   and status = 'running' and (rests_at is null or %(instead)s)
