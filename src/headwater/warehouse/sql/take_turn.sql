-- Takes a place in a portal's bucket if there is one, and draws the read number of the request.
-- A portal seen for the first time has none left: this may be the restart after a crash. A clock a little behind
-- the last caller's gives nothing away; one far behind was set back, and counts from now on. After a refusal we use
-- less of depth and drain, which grows back.
insert into headwater.pacer as p (portal, level, at, granted)
values (%(portal)s, %(depth)s, coalesce(%(now)s, clock_timestamp()), false)
on conflict (portal) do update
   set (level, at, granted) = (
           select drained.level + case when drained.level + 1 <= may.depth then 1 else 0 end,
                  case when p.at > excluded.at + interval '1 minute' then excluded.at
                       else greatest(p.at, excluded.at)
                  end,
                  drained.level + 1 <= may.depth
             from (select least(1, p.eased + %(recovery)s * greatest(0, extract(epoch from excluded.at - p.eased_at)))
                  ) as our (part)
            cross join lateral
                  (select greatest(1, our.part * %(depth)s), our.part * %(drain)s) as may (depth, drain)
            cross join lateral
                  (select greatest(0, least(p.level, may.depth)
                                      - may.drain * extract(epoch from greatest(excluded.at - p.at, interval '0')))
                  ) as drained (level))
returning granted, nextval('headwater.read_seq'), level,
          least(1, eased + %(recovery)s * greatest(0, extract(epoch from at - eased_at)))::double precision as part
