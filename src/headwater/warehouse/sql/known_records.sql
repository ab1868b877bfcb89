-- What is known of these records: what is stored, with its read number and content hash; what was found gone by
-- a read that is not older than this one, which must not bring it back; what waits in the failed queue.
select {id}, 'stored', began, version
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {id} = any (%(ids)s){part}
 union all
select external_id, 'gone', began, ''
  from headwater.gone
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and external_id = any (%(ids)s) and began >= %(began)s
 union all
select key, 'failed', began, ''
  from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and key = any (%(ids)s)
