-- Operating seconds of a portal's methods, and in how many seconds the oldest of them are forgotten. None are kept
-- for more than ten minutes: what says so was written before the clock was set back.
select method, used, extract(epoch from until - coalesce(%(now)s, clock_timestamp()))::double precision as remaining
  from headwater.pacer_costs
 where portal = %(portal)s
   and until <= coalesce(%(now)s, clock_timestamp()) + interval '10 minutes'
