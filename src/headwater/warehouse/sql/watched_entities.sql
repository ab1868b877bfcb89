-- How the entities of a tenant's connections stand, for those who watch: figures alone.
select s.connection_id as connection, s.entity_type as entity, s.status, s.total_records as stored,
       s.last_modified_date as complete_to,
       case when c.enabled and s.status <> 'paused' then c.sync_interval_minutes end as minutes,
       greatest(s.last_full_sync_at, s.last_incremental_at) as answered_at,
       coalesce(f.failed, 0) as failed, coalesce(f.fresh, 0) as failed_lately
  from headwater.sync_state as s
  left join headwater.sync_config as c
    on c.tenant_id = s.tenant_id and c.connection_id = s.connection_id and c.entity_type = s.entity_type
  left join (select connection_id, entity, count(*) as failed, count(*) filter (where first_at > %(lately)s) as fresh
               from headwater.failed
              where tenant_id = %(tenant)s
              group by connection_id, entity) as f
    on f.connection_id = s.connection_id and f.entity = s.entity_type
 where s.tenant_id = %(tenant)s
 order by s.connection_id, s.entity_type
