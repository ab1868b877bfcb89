-- What is to be erased is known; from now on it goes on to its end.
update headwater.erasures
   set status = 'erasing', begun_at = coalesce(begun_at, %(now)s), sealed = %(sealed)s, found = %(found)s::jsonb
 where tenant_id = %(tenant)s and id = %(id)s and status in ('waiting', 'erasing')
