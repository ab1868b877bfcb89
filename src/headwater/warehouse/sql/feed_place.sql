-- How far one of those who follow a connection's changes has come, and whether something was thrown away behind him.
-- Whoever else follows in the same name waits for us.
select p.era, p.xid::text as xid, p.id,
       exists (select
                 from headwater.feeds as f
                where f.tenant_id = p.tenant_id and f.feed = 'changes' and (f.era, f.xid, f.id) > (p.era, p.xid, p.id))
       as cut
  from headwater.feed_places as p
 where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s and p.reader = %(reader)s
   for update of p
