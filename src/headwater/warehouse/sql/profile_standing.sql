-- When the profile of a connection was made, of how many records; whether anything of it was read whole by now, and whether
-- something is being read for the first time.
select p.made_at, p.records,
       exists (select
                 from headwater.sync_state as s
                where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
                  and s.last_full_sync_at is not null) as begun,
       exists (select
                 from headwater.sync_state as s
                where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
                  and s.last_full_sync_at is null and s.status = 'syncing') as reading
  from (select 1) as one
  left join headwater.profiles as p on p.tenant_id = %(tenant)s and p.connection_id = %(connection)s
