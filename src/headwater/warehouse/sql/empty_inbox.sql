-- Takes out of events of these records what arrived with them.
update headwater.inbox as t
   set body = ''
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
   and t.external_id = any (%(ids)s) and t.body <> ''
returning t.id::text
