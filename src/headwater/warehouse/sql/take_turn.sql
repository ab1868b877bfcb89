-- Takes a place in a portal's bucket if there is one, and draws the read number of the request.
-- A portal seen for the first time has none left: this may be the restart after a crash. A clock a little behind
-- the last caller's gives nothing away; one far behind was set back, and counts from now on.
insert into headwater.pacer as p (portal, level, at, granted)
values (%(portal)s, %(depth)s, coalesce(%(now)s, clock_timestamp()), false)
on conflict (portal) do update
   set (level, at, granted) = (
           select drained.level + case when drained.level + 1 <= %(depth)s then 1 else 0 end,
                  case when p.at > excluded.at + interval '1 minute' then excluded.at
                       else greatest(p.at, excluded.at)
                  end,
                  drained.level + 1 <= %(depth)s
             from (select greatest(0, least(p.level, %(depth)s)
                                      - %(drain)s * extract(epoch from greatest(excluded.at - p.at, interval '0')))
                  ) as drained (level))
returning granted, level, nextval('headwater.read_seq')
