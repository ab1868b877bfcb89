-- Tenants whose time has come, the first first.
select id
  from headwater.tenants
 where delete_at <= %(now)s
 order by delete_at
