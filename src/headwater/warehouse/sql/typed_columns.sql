-- The columns of one typed table, in order.
select column_name::text as name, field, kind, type, label, custom, place, position, removed_at
  from headwater.typed_columns
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
 order by position
