-- One more try of somebody who may fail; nothing when it is too early for it. A time that a wrong clock named is none.
insert into headwater.delays as d (who, tries, last_at, until_at)
values (%(who)s, 1, %(now)s, %(now)s)
on conflict (who) do update
   set tries = case when d.last_at < %(forgotten)s then 1 else least(d.tries, 1000) + 1 end,
       last_at = excluded.last_at,
       until_at = excluded.last_at + make_interval(secs =>
           case
             when d.last_at < %(forgotten)s then 0
             else least(%(longest)s, power(2, greatest(0, least(d.tries, 30) + 1 - %(free)s)) - 1)
           end)
 where d.until_at <= excluded.last_at
    or d.until_at > excluded.last_at + make_interval(secs => %(longest)s)
returning tries
