-- New credentials and rights of a known connection, and what its network needs. What it knows of the account and is
-- not told now, stays.
update headwater.connections
   set credentials = %(credentials)s, credentials_at = now(), account = account || %(account)s::jsonb, title = %(title)s,
       portal = %(portal)s,
       settings = (settings - '{ca,proxy,allow_private}'::text[]) || %(settings)s::jsonb
 where tenant_id = %(tenant)s and id = %(connection)s
