-- How many deals of a connection say what they sell.
select count(distinct p.deal_id) as deals
  from public.crm_deal_products as p
 where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s
