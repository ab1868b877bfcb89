with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select null::bigint as x_connection, r.source::text as x) as k
 where r.tenant_id = %(tenant)s
   and r.won
   and r.connection_id = any (%(connections)s::bigint[])
   and r.closed_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.closed_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x), ())),
p1 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_leads as r
 cross join lateral (select null::bigint as x_connection, r.source::text as x) as k
 where r.tenant_id = %(tenant)s
   and r.connection_id = any (%(connections)s::bigint[])
   and r.created_at >= (%(since1)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until1)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x), ())),
cells as materialized (select level, x_connection, x, g_connection, g, currency, (coalesce(max(over), 0)::numeric / nullif(max(under), 0)) as value, sum(records)::bigint as records, sum(assumed)::bigint as assumed from (select level, x_connection, x, g_connection, g, currency, value as over, null::numeric as under, records, assumed from p0 union all select level, x_connection, x, g_connection, g, currency, null, value, records, assumed from p1) as sides group by level, x_connection, x, g_connection, g, currency)
, first as (select * from cells where level = 1 order by value asc nulls last, x_connection, x limit 20)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- connections = [1]
-- since0 = datetime.date(2026, 10, 28)
-- since1 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- until1 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
