-- Nothing waits to be done for a connection any more.
delete from headwater.jobs
 where connection_id = %(connection)s and tenant_id = %(tenant)s and taken_by is null
