-- Amounts of a connection's records by currency, of one in `every`: how many, the middle one, and those that are far from all
-- others: by more than eight robust deviations of their logarithm, and a hundred times the middle or a hundredth.
with picked as materialized (
    select r.{key} as id, r.currency, r.{amount} as amount, ln(r.{amount}) as size
      from {table} as r
     where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.{amount} > 0
       and (%(every)s = 1 or (hashtext(r.{key})::bigint + 2147483648) %% %(every)s = 0)
),
middles as (
    select p.currency, count(*) as records, percentile_cont(0.5) within group (order by p.size) as middle
      from picked as p
     group by p.currency
),
spreads as (
    select p.currency, percentile_cont(0.5) within group (order by abs(p.size::float8 - m.middle)) * 1.4826 as spread
      from picked as p
      join middles as m on m.currency is not distinct from p.currency
     group by p.currency
)
select m.currency, m.records, round(exp(m.middle::numeric), 2)::text as middle, count(f.id) as far, min(f.id) as example
  from middles as m
  join spreads as s on s.currency is not distinct from m.currency
  left join picked as f
    on f.currency is not distinct from m.currency and abs(f.size::float8 - m.middle) > greatest(8 * s.spread, ln(100.0))
 group by m.currency, m.records, m.middle
 order by m.records desc
