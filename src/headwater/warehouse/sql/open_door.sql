-- A door of a connection: an address, or an application's token. Opening the same one again changes nothing.
insert into headwater.doors (tenant_id, connection_id, kind, member, digest, opened_at)
values (%(tenant)s, %(connection)s, %(kind)s, %(member)s, %(digest)s, %(now)s)
on conflict (kind, digest, connection_id) do nothing
