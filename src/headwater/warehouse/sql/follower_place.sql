-- The last change of a connection that one who follows it has worked in; who else works in its name waits here.
select era, xid::text as xid, id
  from headwater.feed_places
 where tenant_id = %(tenant)s and connection_id = %(connection)s and reader = %(reader)s
   for update
