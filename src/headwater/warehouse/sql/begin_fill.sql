-- The documents of an entity of a connection are to be made anew, all of them.
insert into headwater.search_fills (tenant_id, connection_id, entity)
values (%(tenant)s, %(connection)s, %(entity)s)
on conflict (tenant_id, connection_id, entity) do update set after = ''
