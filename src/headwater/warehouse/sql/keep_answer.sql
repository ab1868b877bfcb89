-- The answer to the request that took a key.
update headwater.answers
   set status = %(status)s, headers = %(headers)s::jsonb, body = %(body)s
 where tenant_id = %(tenant)s and caller = %(caller)s and key = %(key)s and status is null
   and digest = %(digest)s
