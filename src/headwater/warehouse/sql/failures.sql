-- The failed queue of a connection, the newest first.
select id, entity, external_id, reason, field, tries, first_at, last_at
  from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by last_at desc, id desc
 limit %(limit)s
