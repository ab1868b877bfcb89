-- A person is to choose a password, and nothing that he was known by holds any more.
update headwater.people
   set password = null, issuer = null, subject = null
 where tenant_id = %(tenant)s and id = %(id)s
returning id
