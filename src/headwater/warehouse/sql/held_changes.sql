-- How long the feed's oldest change waits for a transaction that began before it.
select extract(epoch from %(now)s - min(changed_at))::double precision as seconds
  from headwater.changes
 where tenant_id = %(tenant)s and era = headwater.era() and xid >= pg_snapshot_xmin(pg_current_snapshot())
