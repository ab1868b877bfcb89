-- An increment found changes of which no event told; after so many in a row the connection counts as silent.
update headwater.listening
   set missed = missed + 1,
       state = case when missed + 1 >= %(most)s then 'silent' else state end,
       reason = case when missed + 1 >= %(most)s then %(reason)s else reason end,
       since = case when missed + 1 >= %(most)s then %(now)s else since end
 where tenant_id = %(tenant)s and connection_id = %(connection)s and state = 'events'
returning state, missed
