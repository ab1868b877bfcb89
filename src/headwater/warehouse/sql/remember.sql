-- What the source learnt of its account.
update headwater.connections
   set memory = %(memory)s::jsonb
 where tenant_id = %(tenant)s and id = %(connection)s and memory <> %(memory)s::jsonb
