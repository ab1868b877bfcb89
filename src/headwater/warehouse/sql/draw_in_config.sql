-- A clock was wrong: what is due later than its interval can say is due now.
update headwater.sync_config
   set due_at = %(now)s
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and due_at > %(now)s + make_interval(mins => sync_interval_minutes)
returning entity_type
