-- No try of this one is held against him any more.
delete from headwater.delays
 where who = %(who)s
