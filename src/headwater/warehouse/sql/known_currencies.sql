-- The currencies a tenant's portals have rates of.
select distinct c.id
  from public.crm_currencies as c
 where c.tenant_id = %(tenant)s
 order by c.id
