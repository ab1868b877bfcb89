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
p0 as (select case grouping(k.x) when 1 then 3 else 1 end as level, null::bigint as x_connection, k.x::text as x, null::bigint as g_connection, null::text as g, m.currency as currency, coalesce(sum(m.amount), 0) as value, coalesce(sum(r.records), 0)::bigint as records, coalesce(sum(r.records) filter (where m.assumed), 0)::bigint as assumed
  from headwater.rolled_deals_closed(%(since0)s::date, %(until0)s::date, 'stage') as r
 left join factors as f on f.connection_id = r.connection_id and f.currency = r.currency and coalesce(r.at, now()) >= f.valid_from and coalesce(r.at, now()) < f.valid_until
 cross join lateral (select case when f.factor is null or f.factor = 1 then r.amount else r.amount * f.factor end as amount, case when f.factor is null and r.amount <> 0 then coalesce(r.currency, '') else %(display)s::text end as currency, coalesce(r.at, now()) < f.assumed_before and r.amount <> 0 as assumed) as m
 cross join lateral (select width_bucket(r.at, (select array_agg(s::timestamp at time zone %(zone)s order by s) from unnest(%(s0_x)s::date[]) as s)) as x) as k
 where r.tenant_id = %(tenant)s
   and r.outcome
 group by grouping sets ((m.currency, k.x), (m.currency))),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select level, x_connection, x, g_connection, g, currency, value, records, assumed
  from (select *, row_number() over (partition by level order by currency is distinct from %(display)s, value desc nulls last, x_connection, x) as place from cells) as c
 where level = 3 or place <= 10001
 order by level desc, place
 limit 10001
-- display = 'UZS'
-- s0_x = [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1), datetime.date(2026, 3, 1), datetime.date(2026, 4, 1), datetime.date(2026, 5, 1), datetime.date(2026, 6, 1)]
-- since0 = datetime.date(2026, 1, 1)
-- until0 = datetime.date(2026, 7, 1)
-- zone = 'Asia/Tashkent'
