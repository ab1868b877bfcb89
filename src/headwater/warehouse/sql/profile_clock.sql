-- The time zone in which whoever asks counts days, and which day a moment is there.
select z.name as zone, (%(now)s::timestamptz at time zone z.name)::date as today
  from (select headwater.zone() as name) as z
