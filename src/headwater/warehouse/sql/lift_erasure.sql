-- Somebody may be stored again.
update headwater.erasures
   set lifted_at = %(now)s
 where tenant_id = %(tenant)s and id = %(id)s and status in ('erased', 'left') and lifted_at is null
returning id
