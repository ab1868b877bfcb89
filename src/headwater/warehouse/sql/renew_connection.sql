-- New credentials and rights of a known connection.
update headwater.connections
   set credentials = %(credentials)s, account = %(account)s::jsonb, title = %(title)s, portal = %(portal)s
 where tenant_id = %(tenant)s and id = %(connection)s
