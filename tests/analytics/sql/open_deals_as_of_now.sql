with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select case when r.stage::text is not null then r.connection_id end as x_connection, r.stage::text as x) as k
 where r.tenant_id = %(tenant)s
   and r.won is null
 group by grouping sets ((k.x_connection, k.x), ())),
cells as materialized (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
, first as (select * from cells where level = 1 order by value desc nulls last, x_connection, x limit 100)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- zone = 'Asia/Tashkent'
