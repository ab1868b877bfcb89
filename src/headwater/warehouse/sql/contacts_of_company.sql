-- The contacts that are linked to a company, and those whose main company it is.
select external_id
  from public.crm_links
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and entity = 'contacts'
   and to_entity = 'companies' and to_id = %(of_id)s
union all
select external_id
  from public.crm_contacts
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and company_id = %(of_id)s
