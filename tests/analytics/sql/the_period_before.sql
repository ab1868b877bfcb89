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
p0 as (select 3 as level, null::bigint as x_connection, null::text as x, null::bigint as g_connection, null::text as g, m.currency as currency, coalesce(sum(m.amount), 0) as value, count(*) as records, count(*) filter (where m.assumed) as assumed
  from public.crm_deals as r
 left join factors as f on f.connection_id = r.connection_id and f.currency = r.currency and coalesce(r.closed_at, now()) >= f.valid_from and coalesce(r.closed_at, now()) < f.valid_until
 cross join lateral (select case when f.factor is null or f.factor = 1 then r.value else r.value * f.factor end as amount, case when f.factor is null and r.value <> 0 then coalesce(r.currency, '') else %(display)s::text end as currency, coalesce(r.closed_at, now()) < f.assumed_before and r.value <> 0 as assumed) as m
 cross join lateral (select ) as k
 where r.tenant_id = %(tenant)s
   and r.won
   and r.closed_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.closed_at < ((%(until0)s::date::timestamp - %(cut0)s * interval '1 second')::timestamp at time zone %(zone)s)
 group by grouping sets ((m.currency))),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select * from cells
-- cut0 = 50400
-- display = 'UZS'
-- since0 = datetime.date(2026, 11, 13)
-- until0 = datetime.date(2026, 11, 20)
-- zone = 'Asia/Tashkent'
