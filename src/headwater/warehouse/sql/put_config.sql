-- An entity that is synced has a line of settings, with the defaults until somebody changes them. Says if it is new.
insert into headwater.sync_config (tenant_id, connection_id, entity_type)
values (%(tenant)s, %(connection)s, %(entity)s)
on conflict (tenant_id, connection_id, entity_type) do nothing
returning entity_type
