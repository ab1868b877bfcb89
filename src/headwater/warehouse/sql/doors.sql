-- The doors of a tenant's connections, the oldest first.
select connection_id as connection, kind, member, token is not null as used, opened_at
  from headwater.doors
 where tenant_id = %(tenant)s
 order by connection_id, id
