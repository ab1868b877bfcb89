-- A row without whom it named.
update {table} as t
   set {sets}
 where t.ctid = %(place)s::tid{part}
