with p0 as (select grouping(k.x, k.g) as level, k.x_connection, k.x::text as x, null::bigint as g_connection, k.g::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 cross join lateral (select case when r.stage is not null then r.connection_id end as x_connection, r.stage as x, width_bucket(r.created_at, (select array_agg(s::timestamp at time zone %(zone)s order by s) from unnest(%(s0_g)s::date[]) as s)) as g) as k
 where r.tenant_id = %(tenant)s
   and r.created_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x, k.g), (k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
, first as (select * from cells where level = 1 order by value desc nulls last, x_connection, x limit 20)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- s0_g = [datetime.date(2026, 10, 26), datetime.date(2026, 11, 2), datetime.date(2026, 11, 9), datetime.date(2026, 11, 16), datetime.date(2026, 11, 23)]
-- since0 = datetime.date(2026, 10, 30)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
