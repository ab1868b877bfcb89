-- What changed in a record, the newest first, after a place in that order.
select h.began, h.seen_at, h.seen_by, h.run_id, h.diff::text as diff
  from headwater.history as h
 where h.tenant_id = %(tenant)s and h.connection_id = %(connection)s and h.entity = %(entity)s
   and h.external_id = %(id)s
   and (%(began)s::bigint is null or (h.began, h.seen_at) < (%(began)s::bigint, %(seen_at)s::timestamptz))
 order by h.began desc, h.seen_at desc
 limit %(limit)s
