-- Leads that cannot be right, among one in `every`: how many of each kind, and one of them.
select count(*) as records,
       count(*) filter (where r.created_at > %(now)s) as future,
       min(r.external_id) filter (where r.created_at > %(now)s) as future_example,
       count(*) filter (where r.closed_at < r.created_at - interval '1 day') as backwards,
       min(r.external_id) filter (where r.closed_at < r.created_at - interval '1 day') as backwards_example
  from public.crm_leads as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
   and (%(every)s = 1 or (hashtext(r.external_id)::bigint + 2147483648) %% %(every)s = 0)
