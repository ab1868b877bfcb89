-- So far one of those who follow a connection's changes has come.
insert into headwater.feed_places (tenant_id, connection_id, reader, era, xid, id)
values (%(tenant)s, %(connection)s, %(reader)s, %(era)s, %(xid)s::text::xid8, %(id)s)
on conflict (tenant_id, connection_id, reader) do update
   set era = excluded.era, xid = excluded.xid, id = excluded.id
