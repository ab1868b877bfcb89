-- Letters that are due, by these channels, the oldest first: ours for a while. Of one alert and channel the earlier letter
-- comes first, or recovery would be told before the trouble.
with next as (
    select l.id
      from headwater.letters as l
     where l.due_at <= %(now)s and l.channel = any(%(channels)s)
       and not exists (select
                         from headwater.letters as before
                        where before.alert_id = l.alert_id and before.channel = l.channel and before.id < l.id
                          and before.due_at is not null)
     order by l.id
     limit %(limit)s
       for update skip locked
)
update headwater.letters as l
   set due_at = %(until)s, tries = l.tries + 1
  from next, headwater.alerts as a
 where l.id = next.id and a.id = l.alert_id
returning l.id, l.channel, l.what, l.facts, l.made_at, l.tries, a.id as alert, a.kind, a.connection_id as connection,
          a.since, a.opened_at, a.closed_at
