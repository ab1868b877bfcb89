-- The last try did not fail.
update headwater.delays
   set tries = greatest(0, tries - 1), until_at = %(now)s
 where who = %(who)s
