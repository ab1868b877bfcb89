-- An erasure is over: whom it was about is forgotten.
update headwater.erasures
   set status = %(status)s, ended_at = %(now)s, begun_at = coalesce(begun_at, %(now)s), sealed = null,
       found = coalesce(%(found)s::jsonb, found), certificate = %(certificate)s::jsonb, error = %(error)s
 where tenant_id = %(tenant)s and id = %(id)s
