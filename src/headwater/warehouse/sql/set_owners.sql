-- Records that hold these rows in their stored sets.
select distinct {owner}
  from {table}
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {row} = any (%(ids)s){part}
