-- How the connections of a tenant live: what was stopped and why, and how they learn of changes.
select c.id, c.paused_at, c.paused_reason, coalesce(l.state, 'polling') as listening, l.reason, l.since,
       l.last_event_at, coalesce(l.events, 0) as events
  from headwater.connections as c
  left join headwater.listening as l on l.tenant_id = c.tenant_id and l.connection_id = c.id
 where c.tenant_id = %(tenant)s
 order by c.id
