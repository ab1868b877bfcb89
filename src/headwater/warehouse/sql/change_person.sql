-- Another role, other records of his own.
update headwater.people
   set role = %(role)s, own = %(own)s
 where tenant_id = %(tenant)s and id = %(id)s
returning id
