-- Events that nobody has applied yet, in the order they came; without their bodies, as their meaning was taken down.
select id, event, entity, external_id
  from headwater.inbox
 where tenant_id = %(tenant)s and connection_id = %(connection)s and applied_at is null and id > %(after)s
 order by id
 limit %(limit)s
