-- These entities (null: all) were brought up to date by what began then: they are due when their interval is over, or
-- now; if the clock was set back meanwhile, counted from now.
update headwater.sync_config
   set due_at = greatest(least(%(began)s, %(now)s) + make_interval(mins => sync_interval_minutes), %(now)s)
 where tenant_id = %(tenant)s and connection_id = %(connection)s
   and (%(entities)s::text[] is null or entity_type = any(%(entities)s))
