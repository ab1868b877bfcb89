-- Takes a place in a portal's bucket if there is one, and draws the read number of the request.
-- A portal seen for the first time has none left: this may be the restart after a crash.
insert into headwater.pacer as p (portal, level, at, granted)
values (%(portal)s, %(depth)s, %(now)s, false)
on conflict (portal) do update
   set level = greatest(0, least(p.level, %(depth)s) - %(drain)s * extract(epoch from greatest(%(now)s - p.at, interval '0')))
             + case
                 when greatest(0, least(p.level, %(depth)s) - %(drain)s * extract(epoch from greatest(%(now)s - p.at, interval '0'))) + 1
                      <= %(depth)s
                   then 1
                 else 0
               end,
       granted = greatest(0, least(p.level, %(depth)s) - %(drain)s * extract(epoch from greatest(%(now)s - p.at, interval '0'))) + 1
                 <= %(depth)s,
       at = greatest(p.at, %(now)s)
returning granted, level, nextval('headwater.read_seq')
