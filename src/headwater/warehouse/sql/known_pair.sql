-- Whether a person came in from this address lately.
select 1
  from headwater.delays
 where who = %(who)s and tries = 0 and last_at >= %(since)s
