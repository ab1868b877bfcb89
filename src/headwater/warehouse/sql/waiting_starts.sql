-- What was asked for of a connection and is not done, in the order it was asked for.
select tenant_id as tenant, id, connection_id as connection, sync_type, entities, asked_at, asked_by, status,
       begun_at, ended_at, runs, error_message as error
  from headwater.starts
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and sync_type = any(%(sync_types)s) and status in ('queued', 'running')
 order by id
