-- Renewed credentials take the place of those they were made of; says if they are there now.
update headwater.connections
   set credentials = %(fresh)s,
       credentials_at = case when credentials = %(fresh)s then credentials_at else now() end
 where tenant_id = %(tenant)s and id = %(connection)s and credentials in (%(stale)s, %(fresh)s)
returning id
