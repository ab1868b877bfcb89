-- Records to compare deeply: the first of an order that the seed decides.
select external_id
  from headwater.pairs
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
 order by hashtextextended(external_id, %(seed)s), external_id
 limit %(size)s
