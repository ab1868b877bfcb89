-- New credentials and rights of a known connection. What it knows of the account and is not told now, stays.
update headwater.connections
   set credentials = %(credentials)s, account = account || %(account)s::jsonb, title = %(title)s,
       portal = %(portal)s
 where tenant_id = %(tenant)s and id = %(connection)s
