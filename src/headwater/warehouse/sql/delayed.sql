-- From when on somebody may try again.
select until_at
  from headwater.delays
 where who = %(who)s
