-- Events of a time wait again to be applied.
update headwater.inbox
   set applied_at = null
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and received_at >= %(since)s and received_at < %(until)s
   and (%(entity)s::text is null or entity = %(entity)s) and applied_at is not null
