-- Nobody gets in as this person, until he is let in again.
update headwater.people
   set disabled_at = %(at)s
 where tenant_id = %(tenant)s and id = %(id)s
returning id
