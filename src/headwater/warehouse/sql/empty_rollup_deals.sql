-- What was counted of these months goes.
delete from headwater.rollup_deals
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and month = any (%(days)s::text[]::date[])
