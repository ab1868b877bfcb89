-- What a tenant's connections asked of their sources, in runs that began since then.
select connection_id as connection, coalesce(sum(requests) filter (where started_at >= %(day)s), 0)::bigint as day,
       coalesce(sum(requests), 0)::bigint as month
  from headwater.sync_logs
 where tenant_id = %(tenant)s and started_at >= %(month)s
 group by connection_id
