-- A person's password, as a hash.
update headwater.people
   set password = %(password)s
 where tenant_id = %(tenant)s and id = %(id)s
returning id
