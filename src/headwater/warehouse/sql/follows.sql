-- Whether a connection is there to be followed: neither given up nor about to be deleted.
select
  from headwater.connections as c
 where c.tenant_id = %(tenant)s and c.id = %(connection)s and c.disconnected_at is null
   and not exists (select from headwater.deletions where tenant = %(tenant)s)
