with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select case when r.stage is not null then r.connection_id end as x_connection, r.stage as x) as k
 where r.tenant_id = %(tenant)s
   and r.won is null
 group by grouping sets ((k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 100
 order by level desc, place
 limit 10001
-- zone = 'Asia/Tashkent'
