-- Throws away what was asked for long ago and is over.
delete from headwater.starts
 where tenant_id = %(tenant)s and connection_id = %(connection)s and asked_at < %(before)s
   and status in ('completed', 'failed')
