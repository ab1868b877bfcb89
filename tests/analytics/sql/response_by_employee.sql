with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, percentile_cont(0.5) within group (order by p.first_response_seconds) as value, count(*) as records, 0::bigint as assumed
  from public.crm_leads as r
 left join public.lead_patterns as p on p.tenant_id = r.tenant_id and p.connection_id = r.connection_id and p.lead_id = r.external_id
 cross join lateral (select case when r.assigned_to is not null then r.connection_id end as x_connection, r.assigned_to as x) as k
 where r.tenant_id = %(tenant)s
   and p.first_response_seconds is not null
   and r.modified_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.modified_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 20
 order by level desc, place
 limit 10001
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
