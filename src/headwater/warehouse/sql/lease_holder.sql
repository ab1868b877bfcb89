-- Who holds a connection.
select holder, taken_at
  from headwater.leases
 where tenant_id = %(tenant)s and connection_id = %(connection)s
