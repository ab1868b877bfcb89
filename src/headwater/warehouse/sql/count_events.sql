-- Events that wait, by connection, and since when the oldest of them does.
select connection_id as connection, count(*) as waiting, min(received_at) as oldest
  from headwater.inbox
 where tenant_id = %(tenant)s and applied_at is null
 group by connection_id
