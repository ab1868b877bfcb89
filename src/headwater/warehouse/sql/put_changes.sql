-- Says in the ordered feed which records a page changed. The era is asked for once, not row by row.
insert into headwater.changes (tenant_id, connection_id, era, entity, external_id, action)
select %(tenant)s, %(connection)s, (select headwater.era()), %(entity)s, changed.id, changed.action
  from unnest(%(ids)s::text[], %(actions)s::text[]) as changed (id, action)
