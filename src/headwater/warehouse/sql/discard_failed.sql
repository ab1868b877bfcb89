-- Takes entries out of the failed queue for good; says which.
delete from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and (%(numbers)s::bigint[] is null or id = any (%(numbers)s))
   and (%(entity)s::text is null or entity = %(entity)s)
returning id as number, entity, external_id
