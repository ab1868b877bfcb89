with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x, null::bigint as g_connection, null::text as g, null::text as currency, avg(case when r.bought > 1 then 1.0 else 0 end) as value, count(*) as records, 0::bigint as assumed
  from (select d.connection_id, coalesce('company ' || d.company_id, 'contact ' || d.contact_id) as customer,
               count(*) as bought, min(d.closed_at) as first_at, max(d.closed_at) as last_at
          from public.crm_deals as d
         where d.tenant_id = %(tenant)s and d.won and coalesce(d.company_id, d.contact_id) is not null
         group by 1, 2) as r
 cross join lateral (select null::bigint as x_connection, r.connection_id::text as x) as k
 where r.last_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.last_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x), ())),
cells as materialized (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
, first as (select * from cells where level = 1 order by value desc nulls last, x_connection, x limit 20)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
