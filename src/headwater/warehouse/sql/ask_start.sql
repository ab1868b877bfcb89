-- Somebody asks for a sync or a reconciliation of a connection of the tenant's.
insert into headwater.starts (tenant_id, connection_id, sync_type, entities, asked_at, asked_by)
select tenant_id, id, %(sync_type)s, %(entities)s::text[], %(now)s, %(asked_by)s
  from headwater.connections
 where tenant_id = %(tenant)s and id = %(connection)s
returning id
