-- What the source learnt of its account, and where it found it.
update headwater.connections
   set memory = memory || %(memory)s::jsonb, portal = %(portal)s
 where tenant_id = %(tenant)s and id = %(connection)s
   and (memory || %(memory)s::jsonb, portal) is distinct from (memory, %(portal)s::text)
