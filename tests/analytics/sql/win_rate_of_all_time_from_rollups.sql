with p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, null::text as currency, coalesce(sum(r.records) filter (where r.outcome), 0) / nullif(sum(r.records), 0) as value, coalesce(sum(r.records), 0)::bigint as records, 0::bigint as assumed
  from headwater.rolled_deals_closed(%(since0)s::date, %(until0)s::date, 'employee') as r
 cross join lateral (select case when r.employee_id is not null then r.connection_id end as x_connection, r.employee_id as x) as k
 where r.tenant_id = %(tenant)s
   and r.outcome is not null
   and coalesce((r.outcome)::text, '') = any (%(v0_0)s::text[])
 group by grouping sets ((k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 20
 order by level desc, place
 limit 10001
-- since0 = None
-- until0 = None
-- v0_0 = ['true']
-- zone = 'Asia/Tashkent'
