-- A request came to nothing: its key may be used again.
delete from headwater.answers
 where tenant_id = %(tenant)s and caller = %(caller)s and key = %(key)s and status is null
   and digest = %(digest)s
