-- The fields of a connection's entities that its privacy mode does not keep.
select entity, array_agg(distinct field order by field) as fields
  from headwater.typed_columns
 where tenant_id = %(tenant)s and connection_id = %(connection)s and withheld and removed_at is null
 group by entity
 order by entity
