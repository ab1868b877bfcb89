-- The credentials of a connection, which nobody else renews until this transaction ends.
select credentials
  from headwater.connections
 where tenant_id = %(tenant)s and id = %(connection)s
   for update
