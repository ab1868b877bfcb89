with p0 as (select 3 as level, null::bigint as x_connection, null::text as x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_leads as r
 cross join lateral (select ) as k
 where r.tenant_id = %(tenant)s
   and r.created_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets (())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select * from cells
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
