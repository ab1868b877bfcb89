-- Whether a connection has at least so many changes after a place.
select exists (select
                 from headwater.changes as c
                where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
                  and (c.era, c.xid, c.id) > (%(era)s::integer, %(xid)s::text::xid8, %(id)s::bigint)
               offset %(many)s - 1) as found
