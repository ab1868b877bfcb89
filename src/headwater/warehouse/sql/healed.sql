-- No row read before this number waits any more for a column of the entity.
update headwater.typed_columns
   set heal_below = null, heal_all = false
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and heal_below <= %(below)s
