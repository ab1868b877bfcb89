-- A tenant's encrypted credentials and proxies, held until they are replaced.
select tenant_id as tenant, id as connection, slug, credentials, settings ->> 'proxy' as proxy
  from headwater.connections
 where tenant_id = %(tenant)s
 order by id
   for update
