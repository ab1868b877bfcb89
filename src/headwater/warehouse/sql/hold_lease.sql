-- The fence of a connection, locked against a new holder until this transaction ends.
select fence
  from headwater.leases
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   for share
