-- Throws away the changes up to the last one that is too old, and says so to those who come from before it.
with cut as (
    select era, xid, id
      from headwater.changes
     where tenant_id = %(tenant)s and changed_at < %(before)s
       and (era < (select headwater.era()) or xid < pg_snapshot_xmin(pg_current_snapshot()))
     order by era desc, xid desc, id desc
     limit 1
), gone as (
    delete from headwater.changes as c
     using cut
     where c.tenant_id = %(tenant)s and (c.era, c.xid, c.id) <= (cut.era, cut.xid, cut.id)
)
insert into headwater.feeds as f (tenant_id, feed, era, xid, id)
select %(tenant)s, 'changes', era, xid, id
  from cut
on conflict (tenant_id, feed) do update
   set era = excluded.era, xid = excluded.xid, id = excluded.id
 where (f.era, f.xid, f.id) < (excluded.era, excluded.xid, excluded.id)
