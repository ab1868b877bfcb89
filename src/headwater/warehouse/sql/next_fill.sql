-- An entity of a connection whose documents are being made anew, and up to which id they are.
select entity, after
  from headwater.search_fills
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by entity = 'activities', entity
 limit 1
