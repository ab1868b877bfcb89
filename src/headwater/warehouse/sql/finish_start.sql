-- What somebody asked for is done, or failed for good.
update headwater.starts
   set status = case when %(error)s::text is null then 'completed' else 'failed' end,
       error_message = %(error)s, ended_at = %(now)s
 where tenant_id = %(tenant)s and id = %(id)s and status in ('queued', 'running')
