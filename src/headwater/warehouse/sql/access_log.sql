-- Who looked at what, the newest first.
select id, accessed_by, action, entity, record_count, created_at
  from headwater.data_access_logs
 where tenant_id = %(tenant)s and (%(before)s::bigint is null or id < %(before)s)
   and (%(by)s::text is null or accessed_by = %(by)s) and (%(action)s::text is null or action = %(action)s)
 order by id desc
 limit %(limit)s
