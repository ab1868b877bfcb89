-- A tenant's encrypted credentials, held until they are replaced.
select tenant_id as tenant, id as connection, slug, credentials as sealed
  from headwater.connections
 where tenant_id = %(tenant)s
 order by id
   for update
