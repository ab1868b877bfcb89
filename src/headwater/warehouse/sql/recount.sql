-- After a reconciliation the counters are what was counted.
update headwater.sync_state
   set total_records = %(stored)s, source_records = %(in_source)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
