-- Remembers which columns hold which fields.
insert into headwater.typed_columns
       (tenant_id, connection_id, entity, column_name, field, kind, type, label, custom, place, position, added_at,
        removed_at, typed_from, typed_until, heal_below, heal_all, applied, privacy, withheld)
select %(tenant)s, %(connection)s, %(entity)s, c.name, c.field, c.kind, c.type, c.label, c.custom, c.place,
       c.position, c.added_at, c.removed_at, c.typed_from, c.typed_until, c.heal_below, c.heal_all, c.applied,
       c.privacy, c.withheld
  from jsonb_to_recordset(%(columns)s::jsonb)
       as c (name text, field text, kind text, type text, label text, custom boolean, place text,
             position integer, added_at timestamptz, removed_at timestamptz, typed_from bigint,
             typed_until bigint, heal_below bigint, heal_all boolean, applied boolean, privacy text,
             withheld boolean)
on conflict (tenant_id, connection_id, entity, column_name) do update
   set type = excluded.type, label = excluded.label, place = excluded.place, added_at = excluded.added_at,
       removed_at = excluded.removed_at, typed_from = excluded.typed_from, typed_until = excluded.typed_until,
       heal_below = excluded.heal_below, heal_all = excluded.heal_all, applied = excluded.applied,
       privacy = excluded.privacy, withheld = excluded.withheld
