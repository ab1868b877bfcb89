with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, avg(case when r.bought > 1 then 1 else 0 end) as value, count(*) as records, 0::bigint as assumed
  from (select d.connection_id, coalesce('company ' || d.company_id, 'contact ' || d.contact_id) as customer,
               count(*) as bought, min(d.closed_at) as first_at, max(d.closed_at) as last_at
          from public.crm_deals as d
         where d.tenant_id = %(tenant)s and d.won and coalesce(d.company_id, d.contact_id) is not null
         group by 1, 2) as r
 cross join lateral (select r.connection_id as x) as k
 where r.last_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.last_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 20
 order by level desc, place
 limit 10001
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
