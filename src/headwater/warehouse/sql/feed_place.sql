-- How far a reader of a connection's changes has come; whoever asks keeps others out.
select era, xid::text as xid, id
  from headwater.feed_places
 where tenant_id = %(tenant)s and connection_id = %(connection)s and reader = %(reader)s
   for update
