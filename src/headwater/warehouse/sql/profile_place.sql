-- Up to where the profile of a connection knows the feed of changes; nothing that was committed before is behind it.
insert into headwater.feed_places (tenant_id, connection_id, reader, era, xid, id)
values (%(tenant)s, %(connection)s, %(reader)s, %(era)s, %(xid)s::text::xid8, 0)
on conflict (tenant_id, connection_id, reader) do update
   set era = excluded.era, xid = excluded.xid, id = excluded.id
