-- What was told of these alerts, and what is still to be told.
select alert_id as alert, channel, what, made_at, due_at, tries, sent_at, error
  from headwater.letters
 where alert_id = any(%(alerts)s)
 order by id
