-- What somebody asked for, and what became of it.
select tenant_id as tenant, id, connection_id as connection, sync_type, entities, asked_at, asked_by, status,
       begun_at, ended_at, runs, error_message as error
  from headwater.starts
 where tenant_id = %(tenant)s and id = %(id)s
