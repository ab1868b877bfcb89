-- The deals that are linked to a contact, and those whose main contact it is.
select external_id
  from public.crm_links
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and entity = 'deals'
   and to_entity = 'contacts' and to_id = %(of_id)s
union all
select external_id
  from public.crm_deals
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and contact_id = %(of_id)s
