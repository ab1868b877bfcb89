-- A portal said it has had too many requests: nobody sends until its bucket has drained.
insert into headwater.pacer as p (portal, level, at, granted)
values (%(portal)s, %(depth)s, coalesce(%(now)s, clock_timestamp()), false)
on conflict (portal) do update
   set level = excluded.level, at = greatest(p.at, excluded.at), granted = false
