-- Throws away events that arrived long ago and were applied.
delete from headwater.inbox
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and received_at < %(before)s and applied_at is not null
