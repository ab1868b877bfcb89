-- Makes this month's and the next month's partition of the history.
select headwater.ensure_history((%(now)s::timestamptz at time zone 'UTC')::date),
       headwater.ensure_history((%(now)s::timestamptz at time zone 'UTC' + interval '1 month')::date)
