-- How many records of each entity a connection has.
select e.entity, e.records
  from (select 'leads' as entity, count(*) as records
          from public.crm_leads where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'deals', count(*)
          from public.crm_deals where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'contacts', count(*)
          from public.crm_contacts where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'companies', count(*)
          from public.crm_companies where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'activities', count(*)
          from public.crm_activities where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'calls', count(*)
          from public.crm_calls where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'products', count(*)
          from public.crm_products where tenant_id = %(tenant)s and connection_id = %(connection)s
        union all
        select 'users', count(*)
          from public.crm_users where tenant_id = %(tenant)s and connection_id = %(connection)s) as e
