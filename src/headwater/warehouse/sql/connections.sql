-- A tenant's connections, the oldest first.
select tenant_id as tenant, id, source, slug, title, portal, credentials as sealed, account, settings, memory,
       privacy, disconnected_at is not null as disconnected
  from headwater.connections
 where tenant_id = %(tenant)s
 order by id
