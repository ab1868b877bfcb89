-- Everything is read again with the next run, since more of it is kept from now on.
update headwater.sync_state
   set cursor = '{}', last_modified_date = null,
       status = case when status = 'paused' then status else 'pending' end
 where tenant_id = %(tenant)s and connection_id = %(connection)s
