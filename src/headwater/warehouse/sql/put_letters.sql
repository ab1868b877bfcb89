-- Something is to be told, once by each channel.
insert into headwater.letters (alert_id, channel, what, facts, made_at, due_at)
select %(alert)s, channel, %(what)s, %(facts)s::jsonb, %(now)s, %(now)s
  from unnest(%(channels)s::text[]) as one (channel)
