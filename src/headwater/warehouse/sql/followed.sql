-- Whether one of those who follow a connection has something to work in, or has not begun.
select exists (select
                 from unnest(%(readers)s::text[]) as r (reader)
                 left join headwater.feed_places as p
                   on p.tenant_id = %(tenant)s and p.connection_id = %(connection)s and p.reader = r.reader
                where p.reader is null
                   or exists (select
                                from headwater.changes as c
                               where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
                                 and (c.era, c.xid, c.id) > (p.era, p.xid, p.id))) as waits
