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
p0 as (select 3 as level, null::bigint as x_connection, null::text as x, null::bigint as g_connection, null::text as g, null::text as currency, count(*) as value, count(*) as records, 0::bigint as assumed
  from public.crm_deals as r
 left join factors as f on f.connection_id = r.connection_id and f.currency = r.currency and coalesce(r.created_at, now()) >= f.valid_from and coalesce(r.created_at, now()) < f.valid_until
 cross join lateral (select case when f.factor is null or f.factor = 1 then r.value else r.value * f.factor end as amount, case when f.factor is null and r.value <> 0 then coalesce(r.currency, '') else %(display)s::text end as currency, coalesce(r.created_at, now()) < f.assumed_before and r.value <> 0 as assumed) as m
 cross join lateral (select ) as k
 where r.tenant_id = %(tenant)s
   and (r.connection_id, r.stage) in (select * from unnest(%(l0_0)s::bigint[], %(i0_0)s::text[]))
   and ((r.connection_id, r.assigned_to) in (select * from unnest(%(l0_1)s::bigint[], %(i0_1)s::text[]))) is not true
   and strpos(lower(r.custom_fields ->> %(c0_2)s), lower(%(v0_2)s::text)) > 0
   and m.amount >= %(v0_3)s::numeric
   and (case when jsonb_typeof(r.custom_fields -> %(c0_4)s) = 'number' then (r.custom_fields ->> %(c0_4)s)::numeric end) < %(v0_4)s::numeric
   and r.closed_at < ((%(v0_5)s::date + 1)::timestamp at time zone %(zone)s)
   and r.source is not null
   and (coalesce((r.won)::text, '') = any (%(v0_7)s::text[])) is not true
   and r.connection_id = any (%(v0_8)s::bigint[])
   and r.created_at >= (%(since0)s::date::timestamp at time zone %(zone)s)
   and r.created_at < (%(until0)s::date::timestamp at time zone %(zone)s)
 group by grouping sets (())),
cells as (select level, x_connection, x, g_connection, g, currency, value as value, records, assumed from p0)
select * from cells
-- c0_2 = "uf_crm_'; --"
-- c0_4 = 'uf_score'
-- display = 'UZS'
-- i0_0 = ['NEW', 'WON']
-- i0_1 = ['5']
-- l0_0 = [1, 1]
-- l0_1 = [2]
-- since0 = datetime.date(2026, 10, 28)
-- until0 = datetime.date(2026, 11, 27)
-- v0_2 = 'Таш'
-- v0_3 = Decimal('1000.50')
-- v0_4 = Decimal('5')
-- v0_5 = datetime.date(2026, 11, 1)
-- v0_7 = ['']
-- v0_8 = [2]
-- zone = 'Asia/Tashkent'
