-- What became of a letter: sent, due again, or given up.
update headwater.letters
   set sent_at = %(sent_at)s, due_at = %(due_at)s, error = %(error)s
 where id = %(id)s
