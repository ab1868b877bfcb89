-- The key that ends the next stretch of rows; none when they are fewer.
select {key}
  from {table} as t
 where tenant_id = %(tenant)s and connection_id = %(connection)s and {key} > %(after)s{part}
 order by {key}
offset %(size)s
 limit 1
