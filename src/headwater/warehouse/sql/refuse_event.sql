-- Somebody came to a door of a connection and was not let in.
insert into headwater.listening as l (tenant_id, connection_id, state, since, refused)
values (%(tenant)s, %(connection)s, 'polling', %(now)s, 1)
on conflict (tenant_id, connection_id) do update set refused = l.refused + 1
