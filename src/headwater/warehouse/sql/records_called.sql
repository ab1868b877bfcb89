-- Records that have one of these ids, or one of these names in lower case.
select r.connection_id, r.external_id
  from {table} as r
 where r.tenant_id = %(tenant)s
   and (r.external_id = any (%(names)s::text[]) or lower(r.name) = any (%(lowered)s::text[]))
 limit 1000
