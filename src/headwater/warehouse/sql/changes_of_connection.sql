-- The next changes of a connection after a place, as far as no commit can come before them any more.
select c.era, c.xid::text as xid, c.id, c.entity, c.external_id
  from headwater.changes as c
 where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
   and (c.era, c.xid, c.id) > (%(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
   and (c.era < (select headwater.era()) or c.xid < pg_snapshot_xmin(pg_current_snapshot()))
 order by c.era, c.xid, c.id
 limit %(size)s
