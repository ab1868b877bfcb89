-- One certificate.
select x.id, c.slug as connection, x.entity, x.issued_at, x.verdict, x.body
  from headwater.certificates as x
  join headwater.connections as c
    on c.tenant_id = x.tenant_id and c.id = x.connection_id
 where x.tenant_id = %(tenant)s and x.id = %(id)s
