-- Companies that cannot be right, among one in `every`: how many, and one of them.
select count(*) as records,
       count(*) filter (where r.created_at > %(now)s) as future,
       min(r.external_id) filter (where r.created_at > %(now)s) as future_example
  from public.crm_companies as r
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
   and (%(every)s = 1 or (hashtext(r.external_id)::bigint + 2147483648) %% %(every)s = 0)
