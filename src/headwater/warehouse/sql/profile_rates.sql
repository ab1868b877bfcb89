-- The currencies a connection knows a rate of.
select distinct c.id
  from public.crm_currencies as c
 where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
