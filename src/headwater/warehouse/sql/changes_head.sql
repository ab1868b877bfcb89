-- The position after which every change lies that is not committed yet.
select headwater.era() as era, pg_snapshot_xmin(pg_current_snapshot())::text as xid
