with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, avg(headwater.cycle_days(r.created_at, r.closed_at)) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select width_bucket(r.closed_at, (select array_agg(s::timestamp at time zone %(zone)s order by s) from unnest(%(s0_x)s::date[]) as s)) as x) as k
 where r.tenant_id = %(tenant)s
   and r.won and headwater.cycle_days(r.created_at, r.closed_at) is not null
   and r.closed_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.closed_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 10001
 order by level desc, place
 limit 10001
-- s0_x = [datetime.date(2026, 5, 25), datetime.date(2026, 6, 1), datetime.date(2026, 6, 8), datetime.date(2026, 6, 15), datetime.date(2026, 6, 22), datetime.date(2026, 6, 29), datetime.date(2026, 7, 6), datetime.date(2026, 7, 13), datetime.date(2026, 7, 20), datetime.date(2026, 7, 27), datetime.date(2026, 8, 3), datetime.date(2026, 8, 10), datetime.date(2026, 8, 17), datetime.date(2026, 8, 24), datetime.date(2026, 8, 31), datetime.date(2026, 9, 7), datetime.date(2026, 9, 14), datetime.date(2026, 9, 21), datetime.date(2026, 9, 28), datetime.date(2026, 10, 5), datetime.date(2026, 10, 12), datetime.date(2026, 10, 19), datetime.date(2026, 10, 26), datetime.date(2026, 11, 2), datetime.date(2026, 11, 9), datetime.date(2026, 11, 16), datetime.date(2026, 11, 23)]
-- since0 = datetime.date(2026, 5, 29)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
