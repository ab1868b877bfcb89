-- The hash of a person's password.
select password
  from headwater.people
 where tenant_id = %(tenant)s and id = %(id)s
