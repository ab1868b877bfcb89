with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x, null::bigint as g_connection, null::text as g, null::text as currency, coalesce(sum(r.records), 0)::bigint as value, coalesce(sum(r.records), 0)::bigint as records, 0::bigint as assumed
  from headwater.rolled_activities as r
 cross join lateral (select null::bigint as x_connection, width_bucket(r.day, (select array_agg(s order by s) from unnest(%(s0_x)s::date[]) as s))::text as x) as k
 where r.tenant_id = %(tenant)s
   and r.type = 'call'
   and (r.connection_id, r.employee_id) in (select * from unnest(%(l0_0)s::bigint[], %(i0_0)s::text[]))
   and r.day >= %(since0)s::date
   and r.day < %(until0)s::date
 group by grouping sets ((k.x_connection, k.x), ())),
cells as materialized (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
, first as (select * from cells where level = 1 order by value desc nulls last, x_connection, x limit 10001)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- i0_0 = ['5', '9']
-- l0_0 = [1, 2]
-- s0_x = [datetime.date(2026, 11, 20), datetime.date(2026, 11, 21), datetime.date(2026, 11, 22), datetime.date(2026, 11, 23), datetime.date(2026, 11, 24), datetime.date(2026, 11, 25), datetime.date(2026, 11, 26)]
-- since0 = datetime.date(2026, 11, 20)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
