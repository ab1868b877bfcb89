-- What a request with this key was answered, if it was yet.
select digest, status, headers, body
  from headwater.answers
 where tenant_id = %(tenant)s and caller = %(caller)s and key = %(key)s
