-- Events as they arrived, the last first.
select connection_id as connection, id, event, entity, external_id, received_at, applied_at, outcome, tries
  from headwater.inbox
 where tenant_id = %(tenant)s and connection_id = any (%(connections)s)
   and (not %(waiting)s or applied_at is null)
 order by received_at desc, id desc
 limit %(limit)s
