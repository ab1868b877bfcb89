-- Whether this month's or the next month's partition of the history is missing.
select to_regclass('headwater.history_' || to_char(%(now)s::timestamptz at time zone 'UTC', 'YYYY_MM')) is null
    or to_regclass('headwater.history_'
                   || to_char(%(now)s::timestamptz at time zone 'UTC' + interval '1 month', 'YYYY_MM')) is null
