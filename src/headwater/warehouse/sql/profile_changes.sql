-- How many changes of a connection came after its profile's place in the feed, counted up to `most`; null where the feed does not
-- tell all of them any more.
select case
         when f.era is not null and (cut.era is null or (f.era, f.xid, f.id) >= (cut.era, cut.xid, cut.id))
           then (select count(*)
                   from (select
                           from headwater.changes as c
                          where c.tenant_id = %(tenant)s and (c.era, c.xid, c.id) > (f.era, f.xid, f.id)
                            and c.connection_id = %(connection)s
                          limit %(most)s) as counted)
       end as changes
  from (select 1) as one
  left join headwater.feed_places as f
    on f.tenant_id = %(tenant)s and f.connection_id = %(connection)s and f.reader = %(reader)s
  left join headwater.feeds as cut on cut.tenant_id = %(tenant)s and cut.feed = 'changes'
