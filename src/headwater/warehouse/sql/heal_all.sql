-- Records that nobody changed turned out to have values of these fields: every row read before waits for them.
update headwater.typed_columns
   set heal_all = true
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and column_name = any (%(names)s) and heal_below is not null
