-- Events of one connection as they arrived.
insert into headwater.inbox (tenant_id, connection_id, event, entity, external_id, body, received_at)
select %(tenant)s, %(connection)s, event, entity, external_id, body, %(now)s
  from unnest(%(events)s::text[], %(entities)s::text[], %(ids)s::text[], %(bodies)s::text[])
    as one (event, entity, external_id, body)
