-- A tenant's connections, the oldest first.
select tenant_id as tenant, id, source, slug, title, portal, credentials as sealed, account, settings, memory,
       privacy
  from headwater.connections
 where tenant_id = %(tenant)s
 order by id
