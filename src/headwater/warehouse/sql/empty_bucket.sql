-- A portal that was begun a moment ago was asked for nothing yet.
insert into headwater.pacer (portal, level, at, granted)
values (%(portal)s, 0, coalesce(%(now)s, clock_timestamp()), true)
on conflict (portal) do update
   set level = 0, at = excluded.at, granted = true
