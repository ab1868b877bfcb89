with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, coalesce(sum(r.records), 0)::bigint as value, coalesce(sum(r.records), 0)::bigint as records, 0::bigint as assumed
  from headwater.rolled_activities as r
 cross join lateral (select width_bucket(r.day, (select array_agg(s order by s) from unnest(%(s0_x)s::date[]) as s)) as x) as k
 where r.tenant_id = %(tenant)s
   and r.type = 'call'
   and (r.connection_id, r.employee_id) in (select * from unnest(%(l0_0)s::bigint[], %(i0_0)s::text[]))
   and r.day >= %(since0)s::date
   and r.day < %(until0)s::date
 group by grouping sets ((k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 10001
 order by level desc, place
 limit 10001
-- i0_0 = ['5', '9']
-- l0_0 = [1, 2]
-- s0_x = [datetime.date(2026, 11, 20), datetime.date(2026, 11, 21), datetime.date(2026, 11, 22), datetime.date(2026, 11, 23), datetime.date(2026, 11, 24), datetime.date(2026, 11, 25), datetime.date(2026, 11, 26)]
-- since0 = datetime.date(2026, 11, 20)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
