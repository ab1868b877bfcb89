-- Somebody looked at data, took it along, or did away with it. Whoever only looked does not wait for the disk: a
-- crash of the server may lose the lines of its last moment.
with pace as (
    select case when %(action)s in ('read', 'list', 'search')
                then set_config('synchronous_commit', 'off', true)
           end
)
insert into headwater.data_access_logs (tenant_id, accessed_by, action, entity, record_count, created_at)
select %(tenant)s, %(by)s, %(action)s, %(entity)s, %(count)s, %(now)s
  from pace
