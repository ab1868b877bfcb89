-- The last event that waits; null when there is none.
select max(id)
  from headwater.inbox
 where tenant_id = %(tenant)s and connection_id = %(connection)s and applied_at is null
