-- Up to where a tenant's changes were thrown away.
select era, xid::text as xid, id
  from headwater.feeds
 where tenant_id = %(tenant)s and feed = 'changes'
