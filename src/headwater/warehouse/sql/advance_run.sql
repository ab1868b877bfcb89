-- A page is stored: the run's counters.
update headwater.sync_logs
   set records_processed = records_processed + %(read)s,
       created = created + %(created)s,
       updated = updated + %(updated)s,
       deleted = deleted + %(deleted)s,
       failed = failed + %(failed)s,
       requests = requests + %(requests)s,
       notes = %(notes)s::jsonb
 where tenant_id = %(tenant)s and connection_id = %(connection)s and id = %(run)s
