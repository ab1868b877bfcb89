-- A portal said it has had too many requests: nobody sends until its bucket has drained, and we use less of it.
insert into headwater.pacer as p (portal, level, at, granted, eased, eased_at)
values (%(portal)s, %(depth)s, coalesce(%(now)s, clock_timestamp()), false, %(yields)s,
        coalesce(%(now)s, clock_timestamp()))
on conflict (portal) do update
   set level = excluded.level, at = greatest(p.at, excluded.at), granted = false, eased_at = excluded.at,
       eased = greatest(%(least)s, %(yields)s * least(1, p.eased + %(recovery)s
                                                         * greatest(0, extract(epoch from excluded.at - p.eased_at))))
