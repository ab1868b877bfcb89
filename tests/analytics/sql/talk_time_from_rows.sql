with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, coalesce(sum(r.duration_seconds), 0)::bigint as value, count(*) as records, 0::bigint as assumed
  from public.crm_calls as r
 cross join lateral (select extract(hour from r.started_at at time zone %(zone)s)::integer as x) as k
 where r.tenant_id = %(tenant)s
   and r.started_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.started_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 10001
 order by level desc, place
 limit 10001
-- since0 = datetime.date(2026, 11, 20)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
