-- Work on what somebody asked for begins, or goes on: then since its first slice.
update headwater.starts
   set status = 'running', begun_at = coalesce(begun_at, %(now)s)
 where tenant_id = %(tenant)s and id = %(id)s and status in ('queued', 'running')
