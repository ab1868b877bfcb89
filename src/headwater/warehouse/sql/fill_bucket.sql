-- A portal said it has had too many requests: nobody sends until its bucket has drained.
insert into headwater.pacer as p (portal, level, at, granted)
values (%(portal)s, %(depth)s, %(now)s, false)
on conflict (portal) do update
   set level = %(depth)s, at = greatest(p.at, %(now)s), granted = false
