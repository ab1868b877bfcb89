-- What people and programs of a tenant asked for, the newest first, below a number.
select tenant_id as tenant, id, connection_id as connection, sync_type, entities, asked_at, asked_by, status,
       begun_at, ended_at, runs, error_message as error
  from headwater.starts
 where tenant_id = %(tenant)s and (%(connection)s::bigint is null or connection_id = %(connection)s)
   and (%(before)s::bigint is null or id < %(before)s)
 order by id desc
 limit %(limit)s
