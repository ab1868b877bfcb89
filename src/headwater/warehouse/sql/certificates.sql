-- The certificates of a connection, the newest first.
select id, entity, issued_at, verdict, body
  from headwater.certificates
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by id desc
 limit %(limit)s
