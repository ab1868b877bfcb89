-- The next changes of a connection after a position, as far as no commit can come before them any more; and, whether
-- there are any or not, the position up to which nothing more can come.
with head as (
    select headwater.era() as era, pg_snapshot_xmin(pg_current_snapshot()) as xid
), next as (
    select c.era, c.xid, c.id, c.entity, c.external_id
      from headwater.changes as c
     cross join head
     where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
       and (c.era, c.xid, c.id) > (%(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
       and (c.era < head.era or c.xid < head.xid)
       and (%(entities)s::text[] is null or c.entity = any(%(entities)s))
     order by c.era, c.xid, c.id
     limit %(limit)s
)
select head.era as head_era, head.xid::text as head_xid, next.era, next.xid::text as xid, next.id, next.entity,
       next.external_id
  from head
  left join next on true
 order by next.era, next.xid, next.id
