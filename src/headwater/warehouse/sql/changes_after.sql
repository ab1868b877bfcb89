-- The next changes of a tenant after a position, as far as no commit can come before them any more.
select c.era, c.xid::text as xid, c.id, coalesce(l.slug, '') as connection, c.entity, c.external_id, c.action,
       c.changed_at as at
  from headwater.changes as c
  left join headwater.connections as l on l.tenant_id = c.tenant_id and l.id = c.connection_id
 where c.tenant_id = %(tenant)s
   and (c.era, c.xid, c.id) > (%(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
   and (c.era < (select headwater.era()) or c.xid < pg_snapshot_xmin(pg_current_snapshot()))
   and (%(connection)s::text is null or l.slug = %(connection)s)
 order by c.era, c.xid, c.id
 limit %(limit)s
