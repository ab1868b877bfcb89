-- The first event at an address says which token is let in there from now on.
update headwater.doors
   set token = %(token)s, member = %(member)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and id = %(door)s and token is null
