-- What products and companies are called, with one that is called so: what text fields of other records copy.
select b.entity, b.name, b.id
  from ((select 'products' as entity, substr(p.name, 1, 120) as name, min(p.external_id) as id
           from public.crm_products as p
          where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s and p.name <> ''
          group by 2
          order by 2
          limit 5000)
         union all
        (select 'companies', substr(c.name, 1, 120), min(c.external_id)
           from public.crm_companies as c
          where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s and c.name <> ''
          group by 2
          order by 2
          limit 5000)) as b
