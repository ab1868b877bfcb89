-- The next rows of a stretch in which somebody may be named, and where they are.
select t.ctid::text as place, {columns}
  from {table} as t
 where t.ctid > %(after)s::tid{part} and t::text ~ %(pattern)s
 order by t.ctid
 limit %(limit)s{lock}
