-- Deals that cannot be right, among one in `every`: how many of each kind, and one of them. A close date is a day: it may begin
-- before the deal was created.
select count(*) as records,
       count(*) filter (where r.created_at > %(now)s or r.closed_at > %(now)s + interval '1 day') as future,
       min(r.external_id) filter (where r.created_at > %(now)s or r.closed_at > %(now)s + interval '1 day')
           as future_example,
       count(*) filter (where r.closed_at < r.created_at - interval '1 day') as backwards,
       min(r.external_id) filter (where r.closed_at < r.created_at - interval '1 day') as backwards_example,
       count(*) filter (where r.won) as won,
       count(*) filter (where r.won and coalesce(r.value, 0) = 0) as worthless,
       min(r.external_id) filter (where r.won and coalesce(r.value, 0) = 0) as worthless_example,
       count(*) filter (where r.value < 0) as negative,
       min(r.external_id) filter (where r.value < 0) as negative_example
  from public.crm_deals as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
   and (%(every)s = 1 or (hashtext(r.external_id)::bigint + 2147483648) %% %(every)s = 0)
