-- Keeps what could not be stored; known already, it counts another try.
insert into headwater.failed as f
       (tenant_id, connection_id, entity, key, external_id, reason, field, raw, began, run_id, first_at, last_at)
values (%(tenant)s, %(connection)s, %(entity)s, %(key)s, %(external_id)s, %(reason)s, %(field)s, %(raw)s::jsonb,
        %(began)s, %(run)s, %(now)s, %(now)s)
on conflict (tenant_id, connection_id, entity, key) do update
   set reason = excluded.reason, field = excluded.field, raw = coalesce(excluded.raw, f.raw),
       began = case when excluded.raw is null then f.began else excluded.began end,
       run_id = excluded.run_id, tries = f.tries + 1, last_at = excluded.last_at
