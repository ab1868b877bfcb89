-- The activities that belong to a record.
select activity_id
  from public.crm_activity_links
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and entity = %(of_entity)s
   and external_id = %(of_id)s
