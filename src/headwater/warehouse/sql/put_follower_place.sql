-- One who follows the changes of a connection has worked in all of them up to here.
insert into headwater.feed_places (tenant_id, connection_id, reader, era, xid, id)
values (%(tenant)s, %(connection)s, %(reader)s, %(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
on conflict (tenant_id, connection_id, reader) do update
   set era = excluded.era, xid = excluded.xid, id = excluded.id
