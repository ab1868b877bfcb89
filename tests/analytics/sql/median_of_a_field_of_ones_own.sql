with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, percentile_cont(0.5) within group (order by (case when jsonb_typeof(r.custom_fields -> %(m0)s) = 'number' then (r.custom_fields ->> %(m0)s)::numeric end)) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select case when r.custom_fields ->> %(k0_x)s is not null then r.connection_id end as x_connection, r.custom_fields ->> %(k0_x)s as x) as k
 where r.tenant_id = %(tenant)s
   and r.created_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 20
 order by level desc, place
 limit 10001
-- k0_x = "uf_crm_'; --"
-- m0 = 'uf_score'
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
