-- An entity that is synced has a line of settings, with the defaults until somebody changes them. Says if it is new.
insert into headwater.sync_config (tenant_id, connection_id, entity_type, privacy)
select tenant_id, id, %(entity)s, privacy
  from headwater.connections
 where tenant_id = %(tenant)s and id = %(connection)s
on conflict (tenant_id, connection_id, entity_type) do nothing
returning entity_type
