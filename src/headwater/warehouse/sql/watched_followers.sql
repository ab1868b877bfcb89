-- How far those who follow a tenant's connections have come: since when the oldest change that one has not worked in is
-- there; null: he has worked in all.
select p.connection_id as connection, p.reader, c.changed_at as waits_since
  from headwater.feed_places as p
  left join lateral (select changed_at
                       from headwater.changes
                      where tenant_id = p.tenant_id and connection_id = p.connection_id
                        and (era, xid, id) > (p.era, p.xid, p.id)
                      order by era, xid, id
                      limit 1) as c on true
 where p.tenant_id = %(tenant)s
 order by p.connection_id, p.reader
