-- Nothing comes in by these doors of a connection any more.
delete from headwater.doors
 where tenant_id = %(tenant)s and connection_id = %(connection)s
returning id
