-- The state of an entity after a run: whole, its window is behind us; failed, only the reason is kept.
update headwater.sync_state
   set status = case when %(error)s::text is null then %(status)s else 'error' end,
       error_message = %(error)s,
       cursor = coalesce(%(cursor)s::jsonb, cursor),
       last_modified_date = coalesce(%(until)s, last_modified_date),
       last_full_sync_at = case when %(error)s::text is null and %(sync_type)s = 'full' then %(now)s else last_full_sync_at end,
       last_incremental_at =
           case when %(error)s::text is null and %(sync_type)s = 'incremental' then %(now)s else last_incremental_at end
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity_type = %(entity)s
