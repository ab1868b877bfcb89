-- The profiles of a tenant's connections, the oldest connection first.
select p.connection_id as connection, p.made_at, p.records, p.profile::text as profile
  from headwater.profiles as p
 where p.tenant_id = %(tenant)s
 order by p.connection_id
