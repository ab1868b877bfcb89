-- Why these records are in the failed queue; those that are not are absent.
select key, reason
  from headwater.failed
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and key = any (%(keys)s)
