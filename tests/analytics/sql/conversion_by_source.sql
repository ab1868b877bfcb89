with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select r.source as x) as k
 where r.tenant_id = %(tenant)s
   and r.won
   and r.connection_id = any (%(connections)s::bigint[])
   and r.closed_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.closed_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x), ())),
p1 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_leads as r
 cross join lateral (select r.source as x) as k
 where r.tenant_id = %(tenant)s
   and r.connection_id = any (%(connections)s::bigint[])
   and r.created_at >= (%(since1)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until1)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, (coalesce(max(over), 0)::numeric / nullif(max(under), 0)) as value, sum(records)::bigint as records, sum(assumed)::bigint as assumed from (select level, x_connection, x, g_connection, g, currency, value as over, null::numeric as under, records, assumed from p0 union all select level, x_connection, x, g_connection, g, currency, null, value, records, assumed from p1) as sides group by level, x_connection, x, g_connection, g, currency)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value asc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 20
 order by level desc, place
 limit 10001
-- connections = [1]
-- since0 = datetime.date(2026, 10, 28)
-- since1 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- until1 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
