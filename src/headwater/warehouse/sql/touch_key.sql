-- A key is in use.
update headwater.keys
   set last_used_at = %(now)s
 where tenant_id = %(tenant)s and id = %(id)s
