-- Operating seconds of a portal's methods, and in how many seconds the oldest of them are forgotten.
select method, used, extract(epoch from until - coalesce(%(now)s, clock_timestamp()))::double precision as remaining
  from headwater.pacer_costs
 where portal = %(portal)s
