-- Forgets the profile of a connection: it is made anew when it is due.
delete from headwater.profiles
 where tenant_id = %(tenant)s and connection_id = %(connection)s
