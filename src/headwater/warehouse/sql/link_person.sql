-- Whom an issuer of tokens means by this person, from now on; nothing when he was linked already.
update headwater.people
   set issuer = %(issuer)s, subject = %(subject)s
 where tenant_id = %(tenant)s and id = %(id)s and subject is null
returning id
