-- A reader of a connection's changes begins anew.
delete from headwater.feed_places
 where tenant_id = %(tenant)s and connection_id = %(connection)s and reader = %(reader)s
