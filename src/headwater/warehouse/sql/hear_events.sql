-- So many events of a connection arrived: it is listened to, whatever it was before.
insert into headwater.listening as l (tenant_id, connection_id, state, since, last_event_at, events, told)
values (%(tenant)s, %(connection)s, 'events', %(now)s, %(now)s, %(count)s, %(told)s::jsonb)
on conflict (tenant_id, connection_id) do update
   set state = 'events', reason = null, since = case when l.state = 'events' then l.since else excluded.since end,
       last_event_at = greatest(l.last_event_at, excluded.last_event_at), events = l.events + excluded.events,
       missed = 0, told = l.told || excluded.told
