-- What a door of a connection lets in: member and token as far as they are known, and the account behind it.
select d.id, d.member, d.token, c.account ->> 'key' as account
  from headwater.doors as d
  join headwater.connections as c on c.tenant_id = d.tenant_id and c.id = d.connection_id
 where d.tenant_id = %(tenant)s and d.connection_id = %(connection)s and d.kind = %(kind)s and d.digest = %(digest)s
