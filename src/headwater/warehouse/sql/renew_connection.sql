-- New credentials and rights of a known connection, and what its network needs. What it knows of the account and is
-- not told now, stays. One that was disconnected lives again.
update headwater.connections
   set credentials = %(credentials)s, credentials_at = now(), account = account || %(account)s::jsonb, title = %(title)s,
       portal = %(portal)s,
       paused_at = case when disconnected_at is null then paused_at end,
       paused_reason = case when disconnected_at is null then paused_reason end, disconnected_at = null,
       settings = (settings - '{ca,proxy,allow_private}'::text[]) || %(settings)s::jsonb
 where tenant_id = %(tenant)s and id = %(connection)s
