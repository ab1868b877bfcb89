with factors as materialized (
    select c.connection_id, c.id as currency,
           case when c.id = d.id then 1 when c.rate > 0 and d.rate > 0 then c.rate / d.rate end as factor,
           greatest(c.valid_from, d.valid_from) as valid_from,
           least(c.valid_until, d.valid_until) as valid_until,
           case when c.id <> d.id then greatest(c.assumed_before, d.assumed_before) end as assumed_before
      from public.v_currency_rates as c
      join public.v_currency_rates as d
        on d.tenant_id = c.tenant_id and d.connection_id = c.connection_id and d.id = %(display)s
       and d.valid_from < c.valid_until and c.valid_from < d.valid_until
     where c.tenant_id = %(tenant)s),
p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, k.x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, m.currency as currency, sum(m.amount) as value, count(*) as records, count(*) filter (where m.assumed) as assumed
  from (select l.*, d.created_at, d.closed_at, d.won, d.currency, d.assigned_to, d.company_id, d.pipeline,
               l.price * l.quantity as amount
          from public.crm_deal_products as l
          join public.crm_deals as d
            on d.tenant_id = l.tenant_id and d.connection_id = l.connection_id and d.external_id = l.deal_id
         where l.tenant_id = %(tenant)s) as r
 left join factors as f on f.connection_id = r.connection_id and f.currency = r.currency and coalesce(r.closed_at, now()) >= f.valid_from and coalesce(r.closed_at, now()) < f.valid_until
 cross join lateral (select case when f.factor is null or f.factor = 1 then r.amount else r.amount * f.factor end as amount, case when f.factor is null and r.amount <> 0 then coalesce(r.currency, '') else %(display)s::text end as currency, coalesce(r.closed_at, now()) < f.assumed_before and r.amount <> 0 as assumed) as m
 cross join lateral (select case when coalesce(r.product_id, r.name) is not null then r.connection_id end as x_connection, coalesce(r.product_id, r.name) as x) as k
 where r.closed_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.closed_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets ((m.currency, k.x_connection, k.x), (m.currency))),
cells as (select level, x_connection, x, g_connection, g, currency, value::numeric / nullif(sum(value) filter (where level = 3) over (partition by currency), 0) as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by currency is distinct from %(display)s, value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 8
 order by level desc, place
 limit 10001
-- display = 'UZS'
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- zone = 'Asia/Tashkent'
