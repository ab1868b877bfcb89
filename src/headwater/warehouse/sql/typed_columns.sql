-- The columns of one typed table, in order.
select column_name::text as name, field, kind, type, label, custom, place, position, added_at, removed_at,
       typed_from, typed_until, heal_below, heal_all, applied, privacy, withheld
  from headwater.typed_columns
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
 order by position
