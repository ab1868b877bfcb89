-- Nobody who reads a connection commits until this transaction ends.
select fence
  from headwater.leases
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   for update
