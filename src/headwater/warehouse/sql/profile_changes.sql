-- How many changes of a connection came since its profile was made, counted up to `most`; null where the feed does not tell
-- all of them any more.
select case
         when p.era is not null and (cut.era is null or (p.era, p.xid, 0) >= (cut.era, cut.xid, cut.id))
           then (select count(*)
                   from (select
                           from headwater.changes as c
                          where c.tenant_id = %(tenant)s and (c.era, c.xid, c.id) > (p.era, p.xid, 0)
                            and c.connection_id = %(connection)s
                          limit %(most)s) as counted)
       end as changes
  from (select 1) as one
  left join headwater.profiles as p on p.tenant_id = %(tenant)s and p.connection_id = %(connection)s
  left join headwater.feeds as cut on cut.tenant_id = %(tenant)s and cut.feed = 'changes'
