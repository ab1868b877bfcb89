-- Remembers which field a column holds.
insert into headwater.typed_columns
       (tenant_id, connection_id, entity, column_name, field, kind, type, label, custom, place, position, removed_at)
values (%(tenant)s, %(connection)s, %(entity)s, %(column_name)s, %(field)s, %(kind)s, %(type)s, %(label)s,
        %(custom)s, %(place)s, %(position)s, %(removed_at)s)
on conflict (tenant_id, connection_id, entity, column_name) do update
   set type = excluded.type, label = excluded.label, removed_at = excluded.removed_at
