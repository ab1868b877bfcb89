-- What the history of these records and their last rows say: objects by column, each a value or a list of the old
-- and the new one.
select diff as said
  from headwater.history
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and external_id = any (%(ids)s)
 union all
select last_row
  from headwater.gone
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s and external_id = any (%(ids)s)
