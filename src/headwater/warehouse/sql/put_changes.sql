-- Says in the ordered feed which records a page changed.
insert into headwater.changes (tenant_id, connection_id, entity, external_id, action)
select %(tenant)s, %(connection)s, %(entity)s, changed.id, changed.action
  from unnest(%(ids)s::text[], %(actions)s::text[]) as changed (id, action)
