-- A person was here.
update headwater.people
   set last_seen_at = %(now)s
 where tenant_id = %(tenant)s and id = %(id)s
