-- How a tenant's connections live, for those who watch: what fails, how they hear of changes, what waits.
select c.id as connection, c.slug, c.source, c.portal, c.paused_at, c.created_at, c.credentials_at,
       j.failing_since, j.tries, j.error_kind,
       coalesce(l.state, 'polling') as listening, l.last_event_at, coalesce(l.events, 0) as events,
       coalesce(l.refused, 0) as events_refused,
       i.waiting as events_waiting, i.oldest as events_oldest_at,
       (select count(*) from headwater.doors as d
         where d.tenant_id = c.tenant_id and d.connection_id = c.id) as doors,
       r.changed_at, coalesce(a.alarms, 0) as alarms
  from headwater.connections as c
  left join headwater.listening as l on l.tenant_id = c.tenant_id and l.connection_id = c.id
  left join lateral (select failing_since, tries, error_kind
                       from headwater.jobs
                      where connection_id = c.id and error is not null
                      order by failing_since
                      limit 1) as j on true
 cross join lateral (select count(*) as waiting, min(received_at) as oldest
                       from headwater.inbox
                      where tenant_id = c.tenant_id and connection_id = c.id and applied_at is null) as i
  left join lateral (select coalesce(completed_at, started_at) as changed_at
                       from headwater.sync_logs
                      where tenant_id = c.tenant_id and connection_id = c.id and created + updated + deleted > 0
                      order by started_at desc
                      limit 1) as r on true
  left join lateral (select count(*) as alarms
                       from (select distinct on (entity) body
                               from headwater.certificates
                              where tenant_id = c.tenant_id and connection_id = c.id and issued_at > %(alarmed)s
                              order by entity, issued_at desc) as last
                      where jsonb_array_length(last.body -> 'alarms') > 0) as a on true
 where c.tenant_id = %(tenant)s
 order by c.id
