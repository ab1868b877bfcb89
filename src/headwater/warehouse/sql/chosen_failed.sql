-- Entries of the failed queue of a connection, by number or all of them, the oldest first.
select id as number, entity, key, external_id, reason, raw, began, tries
  from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and (%(numbers)s::bigint[] is null or id = any (%(numbers)s))
   and (%(entity)s::text is null or entity = %(entity)s)
 order by id
