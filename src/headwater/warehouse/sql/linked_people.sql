-- The leads that contacts came from or came back as, and the contacts of leads: the same people under other ids.
select 'leads' as entity, lead_id as id
  from public.crm_contacts
 where tenant_id = %(tenant)s and connection_id = %(connection)s and external_id = any (%(contacts)s)
   and lead_id is not null
 union
select 'leads', external_id
  from public.crm_leads
 where tenant_id = %(tenant)s and connection_id = %(connection)s and contact_id = any (%(contacts)s)
 union
select 'contacts', contact_id
  from public.crm_leads
 where tenant_id = %(tenant)s and connection_id = %(connection)s and external_id = any (%(leads)s)
   and contact_id is not null
 union
select 'contacts', external_id
  from public.crm_contacts
 where tenant_id = %(tenant)s and connection_id = %(connection)s and lead_id = any (%(leads)s)
