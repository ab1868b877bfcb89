-- How far one entity of a connection is.
select cursor, last_modified_date, total_records, synced_records, source_records, status
  from headwater.sync_state
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
