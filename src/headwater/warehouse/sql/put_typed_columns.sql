-- Remembers which columns hold which fields.
insert into headwater.typed_columns
       (tenant_id, connection_id, entity, column_name, field, kind, type, label, custom, place, position, removed_at)
select %(tenant)s, %(connection)s, %(entity)s, c.name, c.field, c.kind, c.type, c.label, c.custom, c.place,
       c.position, c.removed_at
  from jsonb_to_recordset(%(columns)s::jsonb)
       as c (name text, field text, kind text, type text, label text, custom boolean, place text,
             position integer, removed_at timestamptz)
on conflict (tenant_id, connection_id, entity, column_name) do update
   set type = excluded.type, label = excluded.label, removed_at = excluded.removed_at
