-- Remembers what a portal told of the operating time of its methods.
insert into headwater.pacer_costs as c (portal, method, used, until)
select %(portal)s, told.method, told.used,
       coalesce(%(now)s, clock_timestamp()) + make_interval(secs => told.remaining)
  from unnest(%(methods)s::text[], %(used)s::double precision[], %(left)s::double precision[])
       as told (method, used, remaining)
 order by told.method
on conflict (portal, method) do update
   set used = excluded.used, until = excluded.until
