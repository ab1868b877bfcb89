-- Numbers of entries of the failed queue of a connection, chosen by number or all of them.
select id as number
  from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and (%(numbers)s::bigint[] is null or id = any (%(numbers)s))
   and (%(entity)s::text is null or entity = %(entity)s)
 order by id
