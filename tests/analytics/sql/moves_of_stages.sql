with p0 as (select grouping(k.x, k.g) as level, k.x_connection, k.x::text as x, k.g_connection, k.g::text as g, null::text as currency, count(distinct (r.connection_id, r.external_id)) as value, count(*) as records, 0::bigint as assumed
  from public.crm_stage_history as r join (select 'deals' as entity) as of_deals on of_deals.entity = r.entity
 left join public.crm_deals as d on d.tenant_id = %(tenant)s and d.connection_id = r.connection_id and d.external_id = r.external_id
 cross join lateral (select case when r.stage is not null then r.connection_id end as x_connection, r.stage as x, case when d.assigned_to is not null then r.connection_id end as g_connection, d.assigned_to as g) as k
 where r.tenant_id = %(tenant)s
   and r.external_id is not null
   and r.entered_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.entered_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((k.x_connection, k.x, k.g_connection, k.g), (k.x_connection, k.x), ())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
, first as (select * from cells where level = 1 order by value desc nulls last, x_connection, x limit 100)
select * from cells where level = 3
 union all select * from first
 union all select * from cells as c where level = 0 and exists (select from first as f where f.x is not distinct from c.x and f.x_connection is not distinct from c.x_connection)
 limit 10001
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
